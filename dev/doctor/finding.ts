/** What one check has found. No text of it holds a password, a secret or a token. */
export interface Finding {
  /** `wrong` keeps the API from working; `note` is worth knowing. */
  is: 'good' | 'wrong' | 'note';
  text: string;
  /** What to do about it. */
  advice?: string;
}

export const good = (text: string): Finding => ({ is: 'good', text });
export const wrong = (text: string, advice: string): Finding => ({ is: 'wrong', text, advice });
export const note = (text: string, advice?: string): Finding => ({ is: 'note', text, ...(advice ? { advice } : {}) });

/** The command that is to be run: `npm run dev`, `npm start`, or a deployment to Cloudflare or AWS. */
export type Target = 'dev' | 'start' | 'deploy';

/** Variables by name, none of them empty. */
export type Variables = Record<string, string>;
