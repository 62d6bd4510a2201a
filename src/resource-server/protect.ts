import { readAccessToken, type Token } from './access-token.ts'
import { type Adapters, createAdapters } from './adapters.ts'
import { type Credentials, type Presented, presentedIn } from './credentials.ts'
import { Unreachable } from './exchange.ts'
import { createKeySet } from './key-set.ts'
import { createMetadata } from './metadata.ts'
import { type ProtectOptions, readOptions } from './options.ts'
import { Broken, type Demand, type Scheme, TokenRefused } from './refusal.ts'
import { demandOf, type Requirement, readRequirement } from './requirement.ts'
import { createStanding, noStanding } from './revocations/standing.ts'
import { createSenderConstraint } from './sender-constraint/index.ts'
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
  const checkSender = createSenderConstraint(settings)
  const expected = { typ: 'at+jwt', algorithms: settings.algorithms, purpose: 'tokens' } as const

  const open = async (presented: Presented, demand: Demand): Promise<Token> => {
    const { token: written } = presented
    standing.start()
    const { payload, kid } = await openSigned(written, keySet, expected)
    const token = readAccessToken(payload, settings)
    await checkSender(token, presented)
    await standing.check(token, kid, written)
    demandOf(token, demand, settings.seconds())
    return token
  }

  const refusal = (error: unknown, demand: Demand, scheme?: Scheme): unknown => {
    const broken = error instanceof Unreachable ? new Broken('unavailable', 'issuer_unavailable', error.message) : error
    if (!(broken instanceof Broken)) return error
    const refused = new TokenRefused(broken, { realm: settings.realm, demand, schemes: schemesFor(broken, scheme) })
    settings.onRefusal(refused)
    return refused
  }

  /** RFC 9449 §7.2: who sent nothing is told of both; who sent a bound token as a bearer token, of the right one. */
  const schemesFor = ({ answer, rule }: Broken, scheme?: Scheme): readonly Scheme[] => {
    if (settings.publicUrl === undefined) return ['Bearer']
    if (settings.dpop === 'required' || scheme === 'DPoP' || rule === 'cnf') return ['DPoP']
    return answer === 'missing' ? ['Bearer', 'DPoP'] : ['Bearer']
  }

  const required = async (from: Credentials, demand: Demand): Promise<Token> => {
    let scheme: Scheme | undefined
    try {
      const presented = presentedIn(from)
      scheme = presented.scheme
      return await open(presented, demand)
    } catch (error) {
      throw refusal(error, demand, scheme)
    }
  }

  const passing = async (from: Credentials, demand: Demand): Promise<Token | undefined> => {
    let presented: Presented | undefined
    try {
      presented = presentedIn(from)
      return await open(presented, demand)
    } catch (error) {
      if (error instanceof Broken && error.answer === 'missing') return undefined
      throw refusal(error, demand, presented?.scheme)
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
