import { readAccessToken, type Token } from './access-token.ts'
import { type Adapters, createAdapters } from './adapters.ts'
import { bearerOf, type Credentials } from './bearer.ts'
import { Unreachable } from './exchange.ts'
import { createKeySet } from './key-set.ts'
import { createMetadata } from './metadata.ts'
import { type ProtectOptions, readOptions } from './options.ts'
import { Broken, type Demand, TokenRefused } from './refusal.ts'
import { demandOf, type Requirement, readRequirement } from './requirement.ts'
import { createStanding, noStanding } from './revocations/standing.ts'
import { openSigned } from './signature.ts'

/** Each as a hook, middleware or handler of its framework; `T` is what the route finds. */
export type Ways<T> = Adapters<T> & {
  /** @throws TokenRefused */
  verify(from: Credentials, requirement?: Requirement): Promise<T>
}

export type Guard = Ways<Token> & {
  /** The same for routes that also serve whoever shows no token; a bad token is refused all the same. */
  readonly optional: Ways<Token | undefined>
  /** Asks for metadata, keys and revocations now instead of at the first request. @throws Error if it cannot */
  ready(): Promise<void>
  /** Stops following the revocations. */
  close(): void
}

/**
 * Protects an API with the access tokens of one issuer: RFC 9068 offline, and the issuer's list of revocations.
 * @throws TypeError that names every mistake in the options
 */
export const protect = (options: ProtectOptions): Guard => {
  const settings = readOptions(options)
  const metadata = createMetadata(settings)
  const keySet = createKeySet(settings, metadata)
  const standing = settings.follows ? createStanding(settings, metadata, keySet) : noStanding
  const expected = { typ: 'at+jwt', algorithms: settings.algorithms, purpose: 'tokens' } as const

  const open = async (written: string, demand: Demand): Promise<Token> => {
    standing.start()
    const { payload, kid } = await openSigned(written, keySet, expected)
    const token = readAccessToken(payload, settings)
    await standing.check(token, kid, written)
    demandOf(token, demand, settings.seconds())
    return token
  }

  const refusal = (error: unknown, demand: Demand): unknown => {
    const broken = error instanceof Unreachable ? new Broken('unavailable', 'issuer_unavailable', error.message) : error
    if (!(broken instanceof Broken)) return error
    const refused = new TokenRefused(broken, settings.realm, demand)
    settings.onRefusal(refused)
    return refused
  }

  const required = async (from: Credentials, demand: Demand): Promise<Token> => {
    try {
      return await open(bearerOf(from), demand)
    } catch (error) {
      throw refusal(error, demand)
    }
  }

  const passing = async (from: Credentials, demand: Demand): Promise<Token | undefined> => {
    try {
      return await open(bearerOf(from), demand)
    } catch (error) {
      if (error instanceof Broken && error.answer === 'missing') return undefined
      throw refusal(error, demand)
    }
  }

  const ways = <T>(check: (from: Credentials, demand: Demand) => Promise<T>): Ways<T> => ({
    verify: async (from, requirement) => check(from, readRequirement(requirement)),
    ...createAdapters(check),
  })

  return {
    ...ways(required),
    optional: ways(passing),
    async ready() {
      standing.start()
      await keySet.ready()
      await standing.ready()
    },
    close: standing.close,
  }
}
