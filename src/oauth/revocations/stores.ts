import type { Revocation } from './entry.ts'

/** What the revocation feed is made of. It is a copy: no decision of the server reads it. */
export type RevocationStore = {
  /** The epoch changes when the database was restored; `seq` is the number of the last act that is committed. */
  state(): Promise<{ readonly epoch: string; readonly seq: number }>
  /** The acts after that number whose entries have not expired, in their order. */
  after(seq: number, now: Date): Promise<readonly Revocation[]>
}
