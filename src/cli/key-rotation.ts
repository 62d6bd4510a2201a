import type { Config } from '../config.ts'
import { activeKey, publishedKeys } from '../keys/schedule.ts'
import type { KeyPurpose, SigningKeyRecord } from '../keys/stores.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'
import type { Answer } from './answer.ts'
import { type Context, type Opened, withStores } from './context.ts'
import { refuseForeignDirectory } from './key-files.ts'
import { Refusal, wrongUsage } from './refusal.ts'
import { counted, countedAtMost } from './table.ts'

export type RotateOptions = { readonly emergency?: boolean; readonly yes?: true }
type Stores = Opened['stores']

export const rotate = (context: Context) => (options: RotateOptions, named: string) => {
  const purpose: KeyPurpose = named === 'revocations' ? named : 'tokens'
  const alg = purpose === 'revocations' ? 'RS256' : signingAlgorithms.find((name) => name === named)
  if (named !== '' && named !== 'refresh' && !alg)
    throw wrongUsage(
      `That is no algorithm: ${signingAlgorithms.join(', ')}, \`revocations\` for the feed’s key, or \`refresh\` for the key of refresh tokens.`,
    )
  if (options.emergency && named === '')
    throw wrongUsage('An emergency names what was stolen, such as `tessera key rotate RS256 --emergency`.')
  return withStores(context, async (stores, config) => {
    await refuseForeignDirectory(config.keysDir)
    const records = await storeOf(stores, purpose).list()
    if (records.length === 0) throw new Refusal('There are no keys yet: the first start of the server makes them.')
    if (named === 'refresh') return rotateRefresh(context, stores, config, options)
    if (alg && options.emergency) return replace(context, stores, config, { purpose, alg, records }, options)
    const now = context.clock.now()
    const there = signingAlgorithms.filter((each) => activeKey(records, each, now))
    if (alg && !there.includes(alg)) throw new Refusal(`No key signs with ${alg}.`, 'not_found')
    if (alg) return succeed(context, stores, config, [{ purpose, alg }])
    const all = there.map((each) => ({ purpose, alg: each }))
    return succeed(context, stores, config, [...all, { purpose: 'revocations', alg: 'RS256' }])
  })
}

type Which = { readonly purpose: KeyPurpose; readonly alg: SigningAlgorithm }

const storeOf = ({ signingKeys, revocationKeys }: Stores, purpose: KeyPurpose) =>
  purpose === 'tokens' ? signingKeys : revocationKeys

const directoryOf = async ({ keysDir, keyPassphrase }: Config, { random }: Context) => {
  const { createKeyDirectory } = await import('../keys/directory.ts')
  return createKeyDirectory({ path: keysDir, passphrase: keyPassphrase, random })
}

const ringOf = async (context: Context, stores: Stores, config: Config, purpose: KeyPurpose) => {
  const { createKeyRing } = await import('../keys/key-ring.ts')
  const directory = await directoryOf(config, context)
  const { issuer } = config
  const algorithms = purpose === 'tokens' ? config.signingAlgorithms : []
  return createKeyRing({
    directory,
    store: storeOf(stores, purpose),
    purpose,
    clock: context.clock,
    issuer,
    algorithms,
  })
}

const succeed = async (context: Context, stores: Stores, config: Config, asked: readonly Which[]): Promise<Answer> => {
  const made: (Which & { kid: string | undefined })[] = []
  for (const each of asked) {
    const ring = await ringOf(context, stores, config, each.purpose)
    made.push({ ...each, kid: (await ring.rotate(each.alg, { emergency: false })).kid })
  }
  if (made.every(({ kid }) => kid === undefined))
    throw new Refusal('A successor is scheduled already; `tessera key list` says from when on it signs.')
  const records = [...(await stores.signingKeys.list()), ...(await stores.revocationKeys.list())]
  const from = (kid: string | undefined) => records.find((record) => record.kid === kid)?.activatesAt
  return {
    json: {
      keys: made.map(({ alg, purpose, kid }) => ({ alg, purpose, kid: kid ?? null, activates_at: from(kid) ?? null })),
    },
    text: made
      .map(({ alg, purpose, kid }) => [purpose === 'tokens' ? alg : `${alg} of the feed`, kid] as const)
      .map(([name, kid]) =>
        kid === undefined
          ? `${name}: a successor is scheduled already.`
          : `${name}: ${kid} is published now and signs from ${from(kid)?.toISOString()}; nothing breaks.`,
      )
      .join('\n'),
  }
}

const consequences: Readonly<Record<KeyPurpose, readonly string[]>> = {
  tokens: [
    '  - Every access token and ID token that was signed with it is refused from here on; the revocation feed says so.',
    '  - APIs that keep a copy of the JWKS refuse the new tokens until they read it again, some for hours; until then',
    '    those that do not follow the feed accept the old ones, the forged ones too. Restart them or empty their caches.',
    '  - Apps get new tokens by their refresh tokens; nobody has to log in again.',
  ],
  revocations: [
    '  - Tokens are not concerned; nobody has to log in again.',
    '  - APIs that keep a copy of the JWKS refuse the feed until they read it again; until then they accept a forged one.',
    '    Restart them or empty their caches.',
  ],
}

const replace = async (
  context: Context,
  stores: Stores,
  config: Config,
  { purpose, alg, records }: Which & { readonly records: readonly SigningKeyRecord[] },
  { yes }: RotateOptions,
): Promise<Answer> => {
  const old = publishedKeys(records, context.clock.now()).filter((key) => key.alg === alg)
  if (old.length === 0) throw new Refusal(`No key signs with ${alg}.`, 'not_found')
  const breaks = [`This withdraws at once: ${old.map(({ kid }) => kid).join(', ')}.`, ...consequences[purpose]].join(
    '\n',
  )
  if (!yes) throw unconfirmed(breaks)
  const ring = await ringOf(context, stores, config, purpose)
  const { kid, breaks: broken } = await ring.rotate(alg, { emergency: true })
  return {
    json: { alg, purpose, kid: kid ?? null, withdrawn: broken },
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
