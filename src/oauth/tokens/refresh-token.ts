import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * A refresh token is derived, not stored: junk is refused before the database is asked, a dump of the database redeems
 * nothing, and the successor of a token can be computed again for a retry.
 *
 *   tsr_ base64url( version 1 ‖ key id 4 ‖ family 16 ‖ generation 4 ‖ HMAC-SHA256 32 )
 */
export type RefreshKey = { /** eight hex digits */ readonly id: string /** 32 bytes */; readonly secret: Buffer }
export type RefreshToken = { readonly familyId: string; readonly generation: number }

const prefix = 'tsr_'
const version = 1
const macAt = 1 + 4 + 16 + 4
const size = macAt + 32

export const mintRefreshToken = (key: RefreshKey, { familyId, generation }: RefreshToken): string => {
  const bytes = Buffer.alloc(size)
  bytes.writeUInt8(version, 0)
  bytes.write(key.id, 1, 4, 'hex')
  bytes.write(familyId.replaceAll('-', ''), 5, 16, 'hex')
  bytes.writeUInt32BE(generation, 21)
  mac(key, bytes).copy(bytes, macAt)
  return prefix + bytes.toString('base64url')
}

/** @returns undefined for anything that this server did not mint */
export const parseRefreshToken = (
  token: string,
  findKey: (id: string) => RefreshKey | undefined,
): RefreshToken | undefined => {
  if (!token.startsWith(prefix) || token.length !== prefix.length + Math.ceil((size * 4) / 3)) return undefined
  const bytes = Buffer.from(token.slice(prefix.length), 'base64url')
  // A token has one spelling: decoding is lenient, so what was decoded must encode to what was sent.
  if (bytes.length !== size || prefix + bytes.toString('base64url') !== token) return undefined
  const key = findKey(bytes.toString('hex', 1, 5))
  if (bytes[0] !== version || !key || !timingSafeEqual(mac(key, bytes), bytes.subarray(macAt))) return undefined
  const family = bytes.toString('hex', 5, 21)
  return {
    familyId: `${family.slice(0, 8)}-${family.slice(8, 12)}-${family.slice(12, 16)}-${family.slice(16, 20)}-${family.slice(20)}`,
    generation: bytes.readUInt32BE(21),
  }
}

const mac = (key: RefreshKey, bytes: Buffer): Buffer =>
  createHmac('sha256', key.secret).update(bytes.subarray(0, macAt)).digest()
