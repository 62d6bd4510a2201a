import type { Config } from '../../config.ts'
import { publishedKeys } from '../../keys/schedule.ts'
import type { Opened } from '../context.ts'
import { type KeyFile, refreshKeyFile, signingKeyFile, subjectKeyFile } from '../key-files.ts'
import { type Finding, failed, ok } from './finding.ts'

type Named = { readonly name: string; readonly file: KeyFile | undefined }

/** The files of the keys that the table names: there, and for their owner alone. */
export const checkKeys = async (
  {
    signingKeys,
    revocationKeys,
    refreshKeys,
  }: Pick<Opened['stores'], 'signingKeys' | 'revocationKeys' | 'refreshKeys'>,
  { keysDir }: Config,
  now: Date,
): Promise<readonly Finding[]> => {
  const signing = await Promise.all(
    publishedKeys([...(await signingKeys.list()), ...(await revocationKeys.list())], now).map(async ({ kid }) => ({
      name: `${kid}.pem`,
      file: await signingKeyFile(keysDir, kid),
    })),
  )
  const refresh = await Promise.all(
    (await refreshKeys.list()).map(async ({ id }) => ({
      name: `refresh-${id}.key`,
      file: await refreshKeyFile(keysDir, id),
    })),
  )
  // A server makes it before its first signing key.
  const subject = signing.length > 0 ? [{ name: 'subject.key', file: await subjectKeyFile(keysDir) }] : []
  return [
    finding('signing keys', signing, keysDir),
    finding('refresh keys', refresh, keysDir),
    finding('subject key', subject, keysDir),
  ]
}

const finding = (check: string, keys: readonly Named[], keysDir: string): Finding => {
  if (keys.length === 0)
    return { check, status: 'skipped', detail: 'none yet: the first start of the server makes them' }
  const missing = keys.filter(({ file }) => !file)
  if (missing.length > 0)
    return failed(
      check,
      `${missing.map(({ name }) => name).join(', ')} not in ${keysDir}`,
      'Copy the files from another server or a backup, or set KEYS_DIR to where they are.',
    )
  const open = keys.filter(({ file }) => file && (file.mode & 0o077) !== 0)
  if (open.length > 0)
    return failed(
      check,
      `${open.map(({ name }) => name).join(', ')} can be read by others than the owner`,
      `chmod 600 ${open.map(({ file }) => file?.path).join(' ')}`,
    )
  return ok(check, `${keys.length}, each for its owner alone`)
}
