import { createPrivateKey, type KeyObject } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../random.ts'
import { thumbprint } from './key-pair.ts'
import { isSealed, keyLength, seal, unseal } from './sealing.ts'

/** A key file that cannot be used; the message says which and what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
}

/** The private keys, in files that only their owner may read; encrypted when a passphrase is given. */
export type KeyDirectory = {
  /** @returns undefined when there is no file; throws `KeyFileError` when there is one that cannot be used */
  signingKey(kid: string): Promise<KeyObject | undefined>
  saveSigningKey(kid: string, key: KeyObject): Promise<void>
  removeSigningKey(kid: string): Promise<void>
  refreshKey(id: string): Promise<Buffer | undefined>
  saveRefreshKey(id: string, key: Buffer): Promise<void>
  removeRefreshKey(id: string): Promise<void>
  /** 32 bytes that sign cookies where none are configured; made on first use, the same for every server. */
  cookieSecret(): Promise<Buffer>
  /** 32 bytes of which pairwise subjects are made, likewise. With another one every app would know everybody anew. */
  subjectSecret(): Promise<Buffer>
  /** Whether there is one: where it is missing, `subjectSecret` makes another. */
  hasSubjectSecret(): Promise<boolean>
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** A kid or id becomes a file's name: nothing else may. */
const nameOf = (id: string, pattern: RegExp, before: string, after: string): string => {
  if (!pattern.test(id)) throw new KeyFileError(`not the name of a key: ${JSON.stringify(id.slice(0, 64))}`)
  return `${before}${id}${after}`
}
const pemName = (kid: string): string => nameOf(kid, /^[\w-]{43}$/, '', '.pem')
const refreshName = (id: string): string => nameOf(id, /^[0-9a-f]{8}$/, 'refresh-', '.key')

export const createKeyDirectory = (deps: {
  readonly path: string
  readonly passphrase?: string | undefined
  readonly random: Random
}): KeyDirectory => {
  const { path, passphrase, random } = deps

  const read = async (name: string): Promise<Buffer | undefined> => {
    const file = join(path, name)
    try {
      const handle = await open(file)
      try {
        const { mode } = await handle.stat()
        if ((mode & 0o007) !== 0) {
          throw new KeyFileError(`${file} can be used by every account of this machine: run chmod 600 on it`)
        }
        return await handle.readFile()
      } finally {
        await handle.close()
      }
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOENT') return undefined
      if (code === undefined) throw error
      throw new KeyFileError(`KEYS_DIR: ${file} cannot be read by this account (${code})`, { cause: error })
    }
  }

  const unwritable = (cause: unknown): KeyFileError => {
    const code = errorCode(cause) ?? 'unknown error'
    const remedy = 'let this account write there, or set another directory'
    return new KeyFileError(`KEYS_DIR: ${path} cannot be written (${code}): ${remedy}`, { cause })
  }

  const writeTemporary = async (name: string, content: Buffer): Promise<string> => {
    const temporary = join(path, `.${name}.${random.bytes(6).toString('hex')}`)
    try {
      await mkdir(path, { recursive: true, mode: 0o700 })
      const handle = await open(temporary, 'wx', 0o600)
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw unwritable(error)
    }
    return temporary
  }

  /** Whole or not at all, and never over another. @returns false when there was one already */
  const create = async (name: string, content: Buffer): Promise<boolean> => {
    const temporary = await writeTemporary(name, content)
    try {
      await link(temporary, join(path, name))
      return true
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw unwritable(error)
    } finally {
      await rm(temporary)
    }
  }

  /** The passphrase was set after the key was made: from now on the file is encrypted as well. */
  const encryptInPlace = async (name: string, content: Buffer): Promise<void> =>
    rename(await writeTemporary(name, content), join(path, name))

  const exportPem = (key: KeyObject): Buffer =>
    Buffer.from(
      key.export(
        passphrase === undefined
          ? { type: 'pkcs8', format: 'pem' }
          : { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
      ),
    )

  const sealed = async (name: string, key: Buffer): Promise<Buffer> =>
    passphrase === undefined ? key : await seal(key, name, passphrase, random)

  const readSecret = async (name: string): Promise<Buffer | undefined> => {
    const content = await read(name)
    if (content === undefined) return undefined
    const file = join(path, name)
    if (isSealed(content)) {
      if (passphrase === undefined) throw new KeyFileError(`${file} is encrypted: set KEY_PASSPHRASE`)
      const key = await unseal(content, name, passphrase)
      if (!key) throw new KeyFileError(`${file} does not open with this KEY_PASSPHRASE, or was damaged`)
      return key
    }
    if (content.length !== keyLength) throw new KeyFileError(`${file} is not a key of ${keyLength} bytes`)
    if (passphrase !== undefined) await encryptInPlace(name, await sealed(name, content))
    return content
  }

  const saveSecret = async (name: string, key: Buffer): Promise<boolean> => create(name, await sealed(name, key))

  /** Made on first use. */
  const sharedSecret = async (name: string): Promise<Buffer> => {
    const existing = await readSecret(name)
    if (existing) return existing
    const key = random.bytes(keyLength)
    if (await saveSecret(name, key)) return key
    // Another server was first: its secret is everybody's.
    const theirs = await readSecret(name)
    if (!theirs) throw new KeyFileError(`${join(path, name)} vanished while it was read`)
    return theirs
  }

  const parsePem = (file: string, pem: Buffer, encrypted: boolean): KeyObject => {
    if (encrypted && passphrase === undefined) throw new KeyFileError(`${file} is encrypted: set KEY_PASSPHRASE`)
    try {
      return createPrivateKey(encrypted && passphrase !== undefined ? { key: pem, passphrase } : { key: pem })
    } catch (cause) {
      const why = encrypted ? 'does not open with this KEY_PASSPHRASE, or was damaged' : 'is not a private key in PEM'
      throw new KeyFileError(`${file} ${why}`, { cause })
    }
  }

  const refuseExisting = (name: string, created: boolean): void => {
    if (!created) throw new KeyFileError(`${join(path, name)} exists already`)
  }

  return {
    async signingKey(kid) {
      const name = pemName(kid)
      const pem = await read(name)
      if (pem === undefined) return undefined
      const encrypted = pem.includes('ENCRYPTED')
      const key = parsePem(join(path, name), pem, encrypted)
      if ((await thumbprint(key)) !== kid)
        throw new KeyFileError(`${join(path, name)} holds another key than its name says`)
      if (passphrase !== undefined && !encrypted) await encryptInPlace(name, exportPem(key))
      return key
    },
    async saveSigningKey(kid, key) {
      refuseExisting(pemName(kid), await create(pemName(kid), exportPem(key)))
    },
    removeSigningKey: async (kid) => rm(join(path, pemName(kid)), { force: true }),

    refreshKey: async (id) => readSecret(refreshName(id)),
    async saveRefreshKey(id, key) {
      refuseExisting(refreshName(id), await saveSecret(refreshName(id), key))
    },
    removeRefreshKey: async (id) => rm(join(path, refreshName(id)), { force: true }),

    cookieSecret: async () => sharedSecret('cookie.key'),
    subjectSecret: async () => sharedSecret('subject.key'),
    hasSubjectSecret: async () => (await readSecret('subject.key')) !== undefined,
  }
}
