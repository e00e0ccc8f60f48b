/** What the name of one of several databases may be: it stands in configuration, in the directory and in the log. */
export const SHARD_NAME = /^[a-z][a-z0-9-]{0,31}$/;
