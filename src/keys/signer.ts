import { constants, type KeyObject, type SignKeyObjectInput, sign as signBytes } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/client.ts'

/** Signs tokens with one key. A key management service may take its place. */
export type Signer = {
  readonly kid: string
  readonly alg: SigningAlgorithm
  /**
   * A compact JWS (RFC 7515 §3.1). The same claims give the same bytes with RS256 and EdDSA, not with PS256 and ES256.
   * @param typ the header's `typ`, RFC 8725 §3.11
   */
  sign(typ: string, claims: object): Promise<string>
}

type Scheme = { readonly digest: 'sha256' | null; readonly options: Omit<SignKeyObjectInput, 'key'> }

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
export const schemes: Readonly<Record<SigningAlgorithm, Scheme>> = {
  RS256: { digest: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  PS256: { digest: 'sha256', options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { digest: null, options: {} },
}

/** The first part of a token of ours. It says no more, and says it in this order. */
export const protectedHeader = (alg: SigningAlgorithm, typ: string, kid: string): string =>
  Buffer.from(JSON.stringify({ alg, typ, kid })).toString('base64url')

export const createSigner = (kid: string, alg: SigningAlgorithm, key: KeyObject): Signer => {
  const { digest, options } = schemes[alg]
  const headers = new Map<string, string>()

  const headerOf = (typ: string): string => {
    let header = headers.get(typ)
    if (header === undefined) {
      header = protectedHeader(alg, typ, kid)
      headers.set(typ, header)
    }
    return header
  }

  return {
    kid,
    alg,
    sign: (typ, claims) =>
      new Promise((resolve, reject) => {
        const input = `${headerOf(typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
        // With a callback it runs on the thread pool: the event loop is free while the key is at work.
        signBytes(digest, Buffer.from(input), { key, ...options }, (error, signature) =>
          error ? reject(error) : resolve(`${input}.${signature.toString('base64url')}`),
        )
      }),
  }
}
