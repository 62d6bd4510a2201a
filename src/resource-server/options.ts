import { telling } from './callbacks.ts'
import { systemChance, systemNow } from './clock.ts'
import { isObject } from './exchange.ts'
import { type IntrospectionPolicy, isIntrospectionPolicy } from './introspection.ts'
import { isText, mistakesIn, type Shape, type Shapes } from './mistakes.ts'
import type { TokenRefused } from './refusal.ts'
import type { CertificateOf } from './sender-constraint/certificate.ts'
import type { ProofStore } from './sender-constraint/proof-memory.ts'

export const asymmetric = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type Algorithm = (typeof asymmetric)[number]

/** Something the guard could not do by itself, for a log; the guard goes on. */
export type Trouble = {
  readonly about: 'metadata' | 'keys' | 'revocations' | 'proofs' | 'certificate' | 'onRefusal' | 'onTrouble'
  readonly reason: string
}

export type ProtectOptions = {
  /** Letter for letter as the server names itself. */
  readonly issuer: string
  /** What tokens for this API name in `aud`; one of several is enough. */
  readonly audience: string | readonly string[]
  /** Which signatures are accepted; by default RS256, PS256, ES256 and EdDSA. Symmetric ones never are. */
  readonly algorithms?: readonly Algorithm[] | undefined
  /** Seconds by which this machine's clock may differ from the issuer's; 5 by default, 60 at most. */
  readonly clockTolerance?: number | undefined
  /** Of the challenge; the audience by default. */
  readonly realm?: string | undefined
  /** `off` gives up revocation: a token then lives until it expires. */
  readonly revocations?: 'follow' | 'off' | undefined
  /** What happens to a good token while the list of revocations is older than it may be; `refuse` (503) by default. */
  readonly staleFeed?: 'refuse' | 'accept' | IntrospectionPolicy | undefined
  /** Seconds after which the list is stale; by default what the issuer has signed into it. */
  readonly maxFeedAge?: number | undefined
  /** Seconds that a request waits for the very first list; 3 by default. */
  readonly feedWait?: number | undefined
  /** Milliseconds for each question to the issuer; 3000 by default. */
  readonly timeout?: number | undefined
  /** `required` takes only tokens that are bound to a key (RFC 9449); `accepted`, the default, others too. */
  readonly dpop?: 'accepted' | 'required' | undefined
  /**
   * By which clients call this API: its origin, with the path that a proxy takes away. Without it no token that is bound to a
   * key is taken: a proof counts for the address it names, and what a request says of its own address proves nothing.
   */
  readonly publicUrl?: string | undefined
  /** Asks proofs for nonces (RFC 9449 §9), made from this secret of 32 characters or more, which replicas share. */
  readonly nonceSecret?: string | undefined
  /** Remembers used proofs; in this process by default, which does for one process. */
  readonly proofs?: ProofStore | undefined
  /** The certificate of a request's client (RFC 8705 §3); that of the connection by default. */
  readonly certificate?: CertificateOf | undefined
  /** Told of every refusal, with its reason; never of a token. */
  readonly onRefusal?: ((refusal: TokenRefused) => void) | undefined
  /** Told when the issuer cannot be asked, or another of these functions fails; by default a warning of the process. */
  readonly onTrouble?: ((trouble: Trouble) => void) | undefined
  readonly now?: (() => Date) | undefined
  readonly chance?: (() => number) | undefined
}

export type Settings = {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly clockTolerance: number
  readonly realm: string
  readonly follows: boolean
  readonly staleFeed: 'refuse' | 'accept' | IntrospectionPolicy
  readonly maxFeedAge: number | undefined
  readonly feedWait: number
  readonly timeout: number
  readonly dpop: 'accepted' | 'required'
  readonly publicUrl: string | undefined
  readonly nonceSecret: string | undefined
  readonly proofs: ProofStore | undefined
  readonly certificate: CertificateOf | undefined
  readonly onRefusal: (refusal: TokenRefused) => void
  readonly onTrouble: (trouble: Trouble) => void
  /** Seconds since the epoch. */
  readonly seconds: () => number
  readonly chance: () => number
}

/** @throws TypeError that names every mistake, at the start and not at the first request */
export const readOptions = (options: ProtectOptions): Settings => {
  if (!isObject(options)) throw new TypeError('protect: the options must be an object, with issuer and audience')
  const mistakes = [...mistakesIn(options, shapes, ['issuer', 'audience'])]
  const audience = [options.audience].flat()
  const [first] = audience
  if (options.dpop === 'required' && options.publicUrl === undefined)
    mistakes.push('dpop required needs publicUrl: a proof counts for the address by which clients call')
  if (options.realm === undefined && isText(first) && !isRealm(first))
    mistakes.push(`realm, which is the audience by default, must ${shapes.realm[1]}`)
  if (mistakes.length > 0) throw new TypeError(`protect: ${mistakes.join('; ')}`)

  const now = options.now ?? systemNow
  const onTrouble = telling(options.onTrouble ?? warn, (reason) => warn({ about: 'onTrouble', reason }))
  return {
    issuer: options.issuer,
    audience,
    algorithms: [...(options.algorithms ?? asymmetric)],
    clockTolerance: options.clockTolerance ?? 5,
    realm: options.realm ?? first ?? '',
    follows: options.revocations !== 'off',
    staleFeed: options.staleFeed ?? 'refuse',
    maxFeedAge: options.maxFeedAge,
    feedWait: options.feedWait ?? 3,
    timeout: options.timeout ?? 3_000,
    dpop: options.dpop ?? 'accepted',
    publicUrl: options.publicUrl,
    nonceSecret: options.nonceSecret,
    proofs: options.proofs,
    certificate: options.certificate,
    onRefusal: telling(options.onRefusal ?? (() => {}), (reason) => onTrouble({ about: 'onRefusal', reason })),
    onTrouble,
    seconds: () => now().getTime() / 1000,
    chance: options.chance ?? systemChance,
  }
}

const warn = ({ about, reason }: Trouble): void => process.emitWarning(`${about}: ${reason}`, 'TesseraGuard')

const loopback = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

const isIssuer = (issuer: unknown): boolean => {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) return false
  const { search, hash, username, password } = new URL(issuer)
  return isTrustedAddress(issuer, issuer) && search === '' && hash === '' && username === '' && password === ''
}

const isPublicUrl = (url: unknown): boolean =>
  typeof url === 'string' && URL.canParse(url) && /^https?:\/\/[^?#]+$/.test(url)

const isRealm = (realm: unknown): boolean => typeof realm === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(realm)

const isListOf = (list: unknown, fits: (one: unknown) => boolean): boolean =>
  Array.isArray(list) && list.length > 0 && list.every(fits)

const upTo = (most: number): Shape => [
  (value) => typeof value === 'number' && value >= 0 && value <= most,
  `be a number from 0 to ${most}`,
]
const either = (...words: readonly string[]): Shape => [
  (value) => words.some((word) => word === value),
  `be ${words.join(' or ')}`,
]
const aFunction: Shape = [(value) => typeof value === 'function', 'be a function']

const shapes: Shapes<ProtectOptions> = {
  issuer: [isIssuer, 'be an https URL without query and fragment (http on loopback only)'],
  audience: [
    (value) => isText(value) || isListOf(value, isText),
    'name this API: without it a token for any other API would pass',
  ],
  // RFC 8725 §3.1, §3.2: a public key must never become a secret.
  algorithms: [
    (value) => isListOf(value, (one) => asymmetric.some((known) => known === one)),
    `be a list of at least one of ${asymmetric.join(', ')}, and of no other`,
  ],
  clockTolerance: upTo(60),
  realm: [isRealm, 'be printable ASCII without " and \\'],
  revocations: either('follow', 'off'),
  staleFeed: [
    (value) => value === 'refuse' || value === 'accept' || isIntrospectionPolicy(value),
    'be refuse, accept or introspect({ clientId, clientSecret })',
  ],
  maxFeedAge: upTo(86_400),
  feedWait: upTo(60),
  timeout: upTo(60_000),
  dpop: either('accepted', 'required'),
  publicUrl: [isPublicUrl, 'be an http or https URL without query and fragment'],
  nonceSecret: [(value) => isText(value) && value.length >= 32, 'be a text of at least 32 characters'],
  proofs: [(value) => isObject(value) && typeof value.first === 'function', 'have a function first(id, until)'],
  certificate: aFunction,
  onRefusal: aFunction,
  onTrouble: aFunction,
  now: aFunction,
  chance: aFunction,
}

/** https everywhere; http between processes of one machine, and never where the issuer itself has https. */
export const isTrustedAddress = (address: string, issuer: string): boolean => {
  if (!URL.canParse(address)) return false
  const { protocol, hostname } = new URL(address)
  return (
    protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname) && new URL(issuer).protocol === protocol)
  )
}
