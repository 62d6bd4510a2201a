import { compactVerify, decodeProtectedHeader, errors, type ProtectedHeaderParameters } from 'jose'
import { isObject } from './exchange.ts'
import type { KeySet, Purpose } from './key-set.ts'
import { Broken, quoted, type Rule } from './refusal.ts'

export type Signed = { readonly kid: string; readonly payload: Readonly<Record<string, unknown>> }

export type Expected = {
  readonly typ: string
  readonly algorithms: readonly string[]
  readonly purpose: Purpose
}

const broken = (rule: Rule, reason: string) => new Broken('invalid_token', rule, reason)

/**
 * What a JWS says, after its signature. Of its header only `typ`, `alg` and `kid` are read: `jku`, `x5u`, `jwk` and
 * `x5c` are an attacker's advice (RFC 8725 §3.10).
 * @throws Broken, Unreachable
 */
export const openSigned = async (token: string, keySet: KeySet, expected: Expected): Promise<Signed> => {
  const { typ, alg, kid, crit } = headerOf(token)
  // RFC 8725 §3.11; RFC 7515 §4.1.9: "application/" may be there or not, in any case.
  const kind = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (kind !== expected.typ)
    throw broken('typ', `typ is ${quoted(typ)}, expected ${quoted(expected.typ)}${adviceFor(kind)}`)
  if (typeof alg !== 'string' || !expected.algorithms.includes(alg))
    throw broken('alg', `alg is ${quoted(alg)}, this guard accepts ${expected.algorithms.join(', ')}`)
  // RFC 7515 §4.1.11: no extension is understood here.
  if (crit !== undefined) throw broken('crit', `crit asks for ${quoted(crit)}, which this guard does not understand`)
  if (typeof kid !== 'string' || kid === '' || kid.length > 256) throw broken('kid', `kid is ${quoted(kid)}`)

  const found = await keySet.find(kid, alg, expected.purpose)
  if (found.is === 'unknown')
    throw broken(
      'kid',
      `kid ${quoted(kid)} is not in the key set of the issuer, which is read again in ${found.readAgainIn} s at the earliest: another issuer, a key long gone, or a very new one`,
    )
  if (found.is === 'foreign') throw broken('kid', `the key ${quoted(kid)} may not sign this: ${found.why}`)
  try {
    const { payload } = await compactVerify(token, found.key, { algorithms: [alg] })
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    if (isObject(claims)) return { kid, payload: claims }
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed)
      throw broken('signature', `the signature is not of the key ${quoted(kid)}: changed or forged`)
    if (!(error instanceof errors.JOSEError) && !(error instanceof SyntaxError)) throw error
  }
  throw broken('malformed', 'it is not a JWS whose payload is a JSON object')
}

const headerOf = (token: string): ProtectedHeaderParameters => {
  try {
    if (token.split('.', 6).length === 5)
      throw broken('malformed', 'it is encrypted (JWE), this guard takes signed tokens')
    return decodeProtectedHeader(token)
  } catch (error) {
    if (error instanceof Broken) throw error
    throw broken('malformed', 'it is not a JWT: an opaque token, or not an access token of this issuer')
  }
}

const adviceFor = (typ: unknown): string =>
  typ === 'jwt' || typ === undefined ? ': perhaps an ID token was sent in place of the access token' : ''
