/** The API as somebody outside finds it. */
export interface Served {
  send(url: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
  /** Where it listens, in workerd alone. */
  origin?: string;
}
