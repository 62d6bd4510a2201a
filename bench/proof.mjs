import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** RFC 9449 §4.2, by a key of its own. @returns proofs for a method and an address, each once */
export const createProver = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) })
  return (htm, htu) => {
    const jti = randomBytes(16).toString('base64url')
    const input = `${header}.${part({ htm, htu, jti, iat: Math.floor(Date.now() / 1000) })}`
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
}

/** RFC 9449 §6.1. */
export const isBound = (accessToken) => {
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
  return typeof claims.cnf?.jkt === 'string'
}
