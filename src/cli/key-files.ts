import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from './refusal.ts'

/** The file of a private key, as it lies there; undefined where there is none. */
export type KeyFile = { readonly path: string; readonly mode: number; readonly owner: number }

const look = async (path: string): Promise<KeyFile | undefined> => {
  try {
    const { mode, uid } = await stat(path)
    return { path, mode: mode & 0o777, owner: uid }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}

export const signingKeyFile = (keysDir: string, kid: string): Promise<KeyFile | undefined> =>
  look(join(keysDir, `${kid}.pem`))
export const refreshKeyFile = (keysDir: string, id: string): Promise<KeyFile | undefined> =>
  look(join(keysDir, `refresh-${id}.key`))
export const subjectKeyFile = (keysDir: string): Promise<KeyFile | undefined> => look(join(keysDir, 'subject.key'))

/** A key made by one account cannot be read by the server of another. */
export const refuseForeignDirectory = async (keysDir: string): Promise<void> => {
  const directory = await look(keysDir)
  const us = process.getuid?.()
  if (directory && us !== undefined && directory.owner !== us)
    throw new Refusal(
      `${keysDir} belongs to the account ${directory.owner}, and this command runs as ${us}: the server could not read the new key. Run it as the server's account.`,
    )
}
