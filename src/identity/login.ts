import { networkOf } from '../network.ts'
import { knownDevice } from './device.ts'
import { type Passwords, passwordFault, UnreadableHash } from './password.ts'
import { Busy } from './queue.ts'
import type { LoginStore, User } from './stores.ts'
import { admit, type ThrottlePolicy } from './throttle.ts'
import { parseUsername } from './username.ts'

/** The one authentication context there is so far: a password. ISO/IEC 29115 level 1. */
export const passwordAcr = '1'

export type LoginAttempt = {
  readonly username: string
  readonly password: string
  readonly ip: string | undefined
  /** The device cookie's value. */
  readonly device: string | undefined
}

/**
 * @property forgive counters that take this attempt back when the session is stored
 * @property amr RFC 8176 §2
 */
export type LoginResult =
  | {
      readonly is: 'authenticated'
      readonly user: User
      readonly forgive: readonly Buffer[]
      readonly amr: readonly string[]
    }
  | {
      readonly is: 'refused'
      /** Whose stored hash is none, for the log: nobody can log in with it. */
      readonly unreadableOf?: string
    }
  | { readonly is: 'wait'; readonly seconds: number }
  /** The password was not looked at, and the attempt does not count. */
  | { readonly is: 'busy'; readonly seconds: number }

/** Nobody of that name, disabled, without a password, wrong password: the same answer after the same work. */
export const logIn = async (
  deps: {
    readonly logins: LoginStore
    readonly passwords: Passwords
    readonly throttle: ThrottlePolicy
    readonly deviceSecrets: readonly [Buffer, ...Buffer[]]
  },
  attempt: LoginAttempt,
  now: Date,
): Promise<LoginResult> => {
  const username = parseUsername(attempt.username)
  // Nobody can have such a name or password, so this tells nothing about anybody.
  if (!username || passwordFault(attempt.password)) return { is: 'refused' }

  const device = knownDevice(deps.deviceSecrets, username.key, attempt.device, now)
  const suspect = { usernameKey: username.key, network: networkOf(attempt.ip), device }
  const admitted = await admit(deps.logins, deps.throttle, suspect, now)
  if (admitted.is === 'wait') return admitted

  const { user, forgive } = admitted
  try {
    const matches = await deps.passwords.verify(user?.disabledAt ? undefined : user?.passwordHash, attempt.password)
    if (!user || !matches) return { is: 'refused' }
  } catch (error) {
    if (user && error instanceof UnreadableHash) return { is: 'refused', unreadableOf: user.id }
    if (!(error instanceof Busy)) throw error
    await deps.logins.forgive(forgive)
    return { is: 'busy', seconds: error.retryAfterSeconds }
  }
  const passwordHash = await refreshHash(deps, user, attempt.password)
  return { is: 'authenticated', user: { ...user, passwordHash }, forgive, amr: ['pwd'] }
}

/**
 * What is known of a password only now that it was typed: a hash of an older cost becomes one of today's.
 * @returns the hash that is stored from here on
 */
const refreshHash = async (
  deps: { readonly logins: LoginStore; readonly passwords: Passwords },
  { id, passwordHash }: User,
  password: string,
): Promise<string | undefined> => {
  if (passwordHash === undefined) return undefined
  try {
    const fresh = await deps.passwords.rehash(passwordHash, password)
    if (fresh !== undefined && (await deps.logins.rehash(id, passwordHash, fresh))) return fresh
  } catch (error) {
    // The next login is as good.
    if (!(error instanceof Busy)) throw error
  }
  return passwordHash
}
