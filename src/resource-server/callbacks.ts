/** What the developer of the API gave may fail; that must neither decide about a request nor end the process. */
import type { Trouble } from './options.ts'
import { Broken, type Rule } from './refusal.ts'

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Tells, and waits for nothing. @param failed hears why the callback failed, at once or later */
export const telling =
  <T>(callback: (said: T) => unknown, failed: (reason: string) => void) =>
  (said: T): void =>
    void (async () => callback(said))().catch((error: unknown) => failed(reasonOf(error)))

export type Asked = {
  readonly about: 'proofs' | 'certificate'
  readonly rule: Rule
  readonly onTrouble: (trouble: Trouble) => void
}

/** Asks. Without an answer nobody knows, so nobody passes: throws Broken, `unavailable`. */
export const createAsking = ({ about, rule, onTrouble }: Asked) => {
  /** Said once, until an answer comes again. */
  let trouble: string | undefined
  return async <T>(question: () => T | Promise<T>): Promise<T> => {
    try {
      const answer = await question()
      trouble = undefined
      return answer
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== trouble) onTrouble({ about, reason })
      trouble = reason
      throw new Broken('unavailable', rule, `the option ${about} failed: ${reason}`)
    }
  }
}
