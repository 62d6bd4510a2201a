import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import type { Random } from '../random.ts'

/**
 * A symmetric key at rest: the bare 32 bytes, or, under a passphrase, `TSK1` ‖ salt ‖ iv ‖ tag ‖ AES-256-GCM of them.
 * The file's name is authenticated with it, so that one file cannot take the place of another.
 */
export const keyLength = 32
const magic = Buffer.from('TSK1')
const [saltLength, ivLength, tagLength] = [16, 12, 16]
const sealedLength = magic.length + saltLength + ivLength + tagLength + keyLength
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

const derive = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)))
  })

export const seal = async (key: Buffer, name: string, passphrase: string, random: Random): Promise<Buffer> => {
  const salt = random.bytes(saltLength)
  const iv = random.bytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), iv, { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(name))
  const sealed = Buffer.concat([cipher.update(key), cipher.final()])
  return Buffer.concat([magic, salt, iv, cipher.getAuthTag(), sealed])
}

export const isSealed = (content: Buffer): boolean =>
  content.length === sealedLength && content.subarray(0, magic.length).equals(magic)

/** @returns undefined when the passphrase is wrong or the file was changed */
export const unseal = async (content: Buffer, name: string, passphrase: string): Promise<Buffer | undefined> => {
  let at = magic.length
  const next = (length: number): Buffer => {
    at += length
    return content.subarray(at - length, at)
  }
  const key = await derive(passphrase, next(saltLength))
  const decipher = createDecipheriv('aes-256-gcm', key, next(ivLength), { authTagLength: tagLength })
  decipher.setAAD(Buffer.from(name))
  decipher.setAuthTag(next(tagLength))
  const start = decipher.update(next(keyLength))
  try {
    return Buffer.concat([start, decipher.final()])
  } catch {
    // The only thing that final() throws: the tag does not match.
    return undefined
  }
}
