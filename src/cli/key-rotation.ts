import type { Config } from '../config.ts'
import { activeKey, publishedKeys } from '../keys/schedule.ts'
import type { SigningKeyRecord } from '../keys/stores.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'
import type { Answer } from './answer.ts'
import { type Context, type Opened, withStores } from './context.ts'
import { refuseForeignDirectory } from './key-files.ts'
import { Refusal, wrongUsage } from './refusal.ts'
import { counted, countedAtMost } from './table.ts'

export type RotateOptions = { readonly emergency?: boolean; readonly yes?: true }
type Stores = Opened['stores']

export const rotate = (context: Context) => (options: RotateOptions, named: string) => {
  const alg = signingAlgorithms.find((name) => name === named)
  if (named !== '' && named !== 'refresh' && !alg)
    throw wrongUsage(
      `That is no algorithm: ${signingAlgorithms.join(', ')}, or \`refresh\` for the key of refresh tokens.`,
    )
  if (options.emergency && named === '')
    throw wrongUsage('An emergency names what was stolen, such as `tessera key rotate RS256 --emergency`.')
  return withStores(context, async (stores, config) => {
    await refuseForeignDirectory(config.keysDir)
    const records = await stores.signingKeys.list()
    if (records.length === 0) throw new Refusal('There are no keys yet: the first start of the server makes them.')
    if (named === 'refresh') return rotateRefresh(context, stores, config, options)
    if (alg && options.emergency) return replace(context, stores, config, alg, records, options)
    const now = context.clock.now()
    const there = signingAlgorithms.filter((each) => activeKey(records, each, now))
    if (alg && !there.includes(alg)) throw new Refusal(`No key signs with ${alg}.`, 'not_found')
    return succeed(context, stores, config, alg ? [alg] : there)
  })
}

const directoryOf = async ({ keysDir, keyPassphrase }: Config, { random }: Context) => {
  const { createKeyDirectory } = await import('../keys/directory.ts')
  return createKeyDirectory({ path: keysDir, passphrase: keyPassphrase, random })
}

const ringOf = async (context: Context, { signingKeys }: Stores, config: Config) => {
  const { createKeyRing } = await import('../keys/key-ring.ts')
  const directory = await directoryOf(config, context)
  const { issuer, signingAlgorithms: algorithms } = config
  return createKeyRing({ directory, store: signingKeys, clock: context.clock, issuer, algorithms })
}

const succeed = async (
  context: Context,
  stores: Stores,
  config: Config,
  algorithms: readonly SigningAlgorithm[],
): Promise<Answer> => {
  const ring = await ringOf(context, stores, config)
  const made: { alg: SigningAlgorithm; kid: string | undefined }[] = []
  for (const alg of algorithms) made.push({ alg, kid: (await ring.rotate(alg, { emergency: false })).kid })
  if (made.every(({ kid }) => kid === undefined))
    throw new Refusal('A successor is scheduled already; `tessera key list` says from when on it signs.')
  const records = await stores.signingKeys.list()
  const from = (kid: string | undefined) => records.find((record) => record.kid === kid)?.activatesAt
  return {
    json: { keys: made.map(({ alg, kid }) => ({ alg, kid: kid ?? null, activates_at: from(kid) ?? null })) },
    text: made
      .map(({ alg, kid }) =>
        kid === undefined
          ? `${alg}: a successor is scheduled already.`
          : `${alg}: ${kid} is published now and signs from ${from(kid)?.toISOString()}; nothing breaks.`,
      )
      .join('\n'),
  }
}

const replace = async (
  context: Context,
  stores: Stores,
  config: Config,
  alg: SigningAlgorithm,
  records: readonly SigningKeyRecord[],
  { yes }: RotateOptions,
): Promise<Answer> => {
  const old = publishedKeys(records, context.clock.now()).filter((key) => key.alg === alg)
  if (old.length === 0) throw new Refusal(`No key signs with ${alg}.`, 'not_found')
  const breaks = [
    `This withdraws at once: ${old.map(({ kid }) => kid).join(', ')}.`,
    '  - Every access token and ID token that was signed with it is refused from here on.',
    '  - APIs that keep a copy of the JWKS refuse the new tokens until they read it again, some for hours; until then',
    '    they accept the old ones, the forged ones too. Restart them or empty their caches.',
    '  - Apps get new tokens by their refresh tokens; nobody has to log in again.',
  ].join('\n')
  if (!yes) throw unconfirmed(breaks)
  const ring = await ringOf(context, stores, config)
  const { kid, breaks: broken } = await ring.rotate(alg, { emergency: true })
  return {
    json: { alg, kid: kid ?? null, withdrawn: broken },
    text: `${kid} signs from now on. Withdrawn: ${broken.join(', ')}.`,
    warning: breaks,
  }
}

const unconfirmed = (breaks: string): Refusal =>
  new Refusal(`${breaks}\nNothing was changed; add --yes to do it.`, 'confirmation_required')

const rotateRefresh = async (
  context: Context,
  stores: Stores,
  config: Config,
  { emergency = false, yes }: RotateOptions,
): Promise<Answer> => {
  const alive = await stores.families.list({ limit: countedAtMost + 1 }, context.clock.now())
  const lost = counted(alive.filter(({ refreshable }) => refreshable).length, 'login', 'logins')
  const breaks = `This voids every refresh token: ${lost} in apps have to be made again. Access tokens live on until they expire.`
  if (emergency && !yes) throw unconfirmed(breaks)
  const { createRefreshKeyRing } = await import('../keys/refresh-key-ring.ts')
  const { clock, random } = context
  const directory = await directoryOf(config, context)
  const ring = await createRefreshKeyRing({ directory, store: stores.refreshKeys, clock, random })
  const id = await ring.rotate({ emergency })
  if (id === undefined) throw new Refusal('Another server was first; `tessera key list` shows what it made.')
  return {
    json: { refresh_key: id, emergency },
    text: emergency
      ? `${id} mints refresh tokens from now on; every earlier one is void.`
      : `${id} mints refresh tokens in a few minutes; earlier ones stay valid.`,
    warning: emergency ? breaks : undefined,
  }
}
