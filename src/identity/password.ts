import * as argon2 from 'argon2'
import type { Random } from '../random.ts'
import { createQueue } from './queue.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export type PasswordFault = 'too_short' | 'too_long' | 'unusable_character'

const fewestCharacters = 8
const mostBytes = 1024

/** What can be said of a password that was typed, at a cost that does not grow with its length. */
export const passwordFault = (password: string): PasswordFault | undefined => {
  if (password.length > mostBytes || Buffer.byteLength(password) > mostBytes) return 'too_long'
  // NUL ends a string in C; a lone surrogate has no UTF-8, so that different ones would be the same password.
  return /\0|\p{Cs}/u.test(password) ? 'unusable_character' : undefined
}

/** The same, of a password somebody chooses. NIST SP 800-63B §3.1.1.2 counts code points. */
export const newPasswordFault = (password: string): PasswordFault | undefined =>
  passwordFault(password) ?? ([...normalized(password)].length < fewestCharacters ? 'too_short' : undefined)

/** NIST SP 800-63B §3.1.1.2: NFKC, so that every keyboard's spelling is the same password. */
const normalized = (password: string): string => password.normalize('NFKC')

/** What is stored as a hash is none: it matches no password, and somebody should look at it. */
export class UnreadableHash extends Error {
  override readonly name = 'UnreadableHash'
}

/** The slow hash, exchangeable so that a test can count it. */
export type Hasher = {
  hash(password: string, salt: Buffer): Promise<string>
  verify(hash: string, password: string): Promise<boolean>
}

export const argon2id: Hasher = {
  hash: (password, salt) => argon2.hash(password, { ...cost, type: argon2.argon2id, salt }),
  verify: async (hash, password) => {
    // Another kind of hash it calls wrong at once, which would tell whose it is.
    if (!/^\$argon2(id|i|d)\$/.test(hash)) throw new TypeError('not a hash of argon2')
    return argon2.verify(hash, password)
  },
}

export type Passwords = {
  /** Throws RangeError for a password with a `newPasswordFault`, `Busy` when too many wait. */
  hash(password: string): Promise<string>
  /**
   * Without a hash (nobody of that name, disabled, no password) the same work is done and the answer is false.
   * Throws `Busy` when too many wait, `UnreadableHash` after the same work for what is no hash at all.
   */
  verify(hash: string | undefined, password: string): Promise<boolean>
  /**
   * A new hash of a password that was just verified, however short it is by today's rules. Throws `Busy` when too many
   * wait.
   * @returns undefined where the hash has today's cost
   */
  rehash(hash: string, password: string): Promise<string | undefined>
}

/** @param deps.concurrency how many are hashed at once: at least two fewer than the thread pool has threads */
export const createPasswords = (deps: {
  readonly concurrency: number
  readonly random: Random
  readonly waiting?: number | undefined
  readonly hasher?: Hasher | undefined
}): Passwords => {
  const { concurrency, random, waiting = 64, hasher = argon2id } = deps
  const queue = createQueue({ concurrency, waiting })

  /** Nobody knows its password, nor does anybody have to: only its cost matters. */
  const base64 = (length: number): string => random.bytes(length).toString('base64').replaceAll('=', '')
  const { memoryCost, timeCost, parallelism } = cost
  const dummy = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(16)}$${base64(32)}`

  const hashed = (password: string): Promise<string> =>
    queue.run(() => hasher.hash(normalized(password), random.bytes(16)))

  return {
    async hash(password) {
      const fault = newPasswordFault(password)
      if (fault) throw new RangeError(`the password is ${fault}`)
      return hashed(password)
    },
    async verify(hash, password) {
      // Refused for everybody alike, so that nothing is learnt about anybody.
      if (passwordFault(password)) return false
      const matches = await queue.run(async () => {
        try {
          return await hasher.verify(hash ?? dummy, normalized(password))
        } catch (cause) {
          // Where the dummy fails as well, it is not the hash that is to blame.
          await hasher.verify(dummy, normalized(password))
          throw new UnreadableHash('a stored password hash cannot be read', { cause })
        }
      })
      return matches && hash !== undefined
    },
    async rehash(hash, password) {
      if (hash.startsWith('$argon2id$') && !argon2.needsRehash(hash, cost)) return undefined
      return hashed(password)
    },
  }
}
