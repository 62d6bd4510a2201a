import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export type MockKey = {
  readonly kid: string
  readonly privateKey: CryptoKey
  /** As it is published. */
  readonly jwk: JWK & Readonly<Record<string, unknown>>
}

/** RS256 as the server's; ES256 for the lists, because nobody should wait for a second RSA key. */
export const aKey = async (purpose?: 'revocations', alg = purpose ? 'ES256' : 'RS256'): Promise<MockKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, jwk: { ...jwk, kid, alg, use: 'sig', ...(purpose && { purpose }) } }
}

export const signed = (
  claims: Readonly<Record<string, unknown>>,
  { kid, privateKey, jwk }: MockKey,
  typ: string,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: jwk.alg ?? 'RS256', typ, kid, ...header }).sign(privateKey)
