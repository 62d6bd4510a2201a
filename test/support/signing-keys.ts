import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/clock.ts'
import type { Config } from '../../src/config.ts'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { generateKey, publicJwk, thumbprint } from '../../src/keys/key-pair.ts'
import { systemRandom } from '../../src/random.ts'
import type { Stores } from '../../src/storage/stores.ts'

const cache = new URL('../../node_modules/.cache/tessera-test-keys/', import.meta.url)
const servers = 8
let started = 0

/** An RSA key costs a fifth of a second: each is made once for all runs, whole in its file or not there. */
const rsaKey = async (name: string): Promise<KeyObject> => {
  const path = fileURLToPath(new URL(`${name}.pem`, cache))
  const known = await readFile(path).catch(() => undefined)
  if (known) return createPrivateKey(known)
  await mkdir(cache, { recursive: true })
  const fresh = `${path}.${randomBytes(8).toString('hex')}`
  await writeFile(fresh, (await generateKey('RS256')).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  // Of two processes that make it at once, both use the key of the first.
  await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(fresh)
  return createPrivateKey(await readFile(path))
}

/** Gives a server that has no keys yet those of an earlier run; no server of a process has another's. */
export const giveKeys = async (config: Config, stores: Stores, clock: Clock): Promise<void> => {
  const server = started++ % servers
  const { keysDir: path, keyPassphrase: passphrase } = config
  const directory = createKeyDirectory({ path, passphrase, random: systemRandom })
  const now = clock.now()
  const life = { createdAt: now, activatesAt: now, retiresAt: undefined, goneAt: undefined }
  for (const [purpose, store] of [
    ['tokens', stores.signingKeys],
    ['revocations', stores.revocationKeys],
  ] as const) {
    const key = await rsaKey(`${purpose}-${server}`)
    const kid = await thumbprint(key)
    const jwk = publicJwk(key, kid, 'RS256', purpose)
    const kept = await store.insertIfNone([{ kid, alg: 'RS256', publicJwk: jwk, ...life }])
    if (kept.some((record) => record.kid === kid)) await directory.saveSigningKey(kid, key)
  }
}
