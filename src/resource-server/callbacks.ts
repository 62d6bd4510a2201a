/** What the developer of the API gave may fail; that must neither decide about a request nor end the process. */
import type { Trouble } from './options.ts'
import { Broken, type Rule } from './refusal.ts'
import { createTroubles } from './trouble.ts'

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
  const troubles = createTroubles(about, { onTrouble })
  return async <T>(question: () => T | Promise<T>): Promise<T> => {
    try {
      const answer = await question()
      troubles.over()
      return answer
    } catch (error) {
      const reason = reasonOf(error)
      troubles.say(reason)
      throw new Broken('unavailable', rule, `the option ${about} failed: ${reason}`)
    }
  }
}
