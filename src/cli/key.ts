import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { statusAt } from '../keys/schedule.ts'
import type { KeyPurpose, RefreshKeyRecord, SigningKeyRecord } from '../keys/stores.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, withStores } from './context.ts'
import { refreshKeyFile, signingKeyFile } from './key-files.ts'
import { type RotateOptions, rotate } from './key-rotation.ts'
import { table } from './table.ts'

/** While one that is to retire still mints, its successor only recognises. */
const refreshStatus = (key: RefreshKeyRecord, all: readonly RefreshKeyRecord[], now: Date) => {
  if (key.retiresAt && key.retiresAt <= now) return 'retired'
  const leaving = all.some(({ retiresAt }) => retiresAt !== undefined && retiresAt > now)
  return leaving && !key.retiresAt ? 'next' : 'active'
}

const signingJson = async (purpose: KeyPurpose, key: SigningKeyRecord, { keysDir }: Config, now: Date) => ({
  kid: key.kid,
  alg: key.alg,
  purpose,
  status: statusAt(key, now),
  created_at: key.createdAt,
  activates_at: key.activatesAt,
  retires_at: key.retiresAt ?? null,
  gone_at: key.goneAt ?? null,
  private_key: (await signingKeyFile(keysDir, key.kid)) ? 'present' : 'missing',
})

const refreshJson = async (
  key: RefreshKeyRecord,
  all: readonly RefreshKeyRecord[],
  { keysDir }: Config,
  now: Date,
) => ({
  id: key.id,
  status: refreshStatus(key, all, now),
  created_at: key.createdAt,
  retires_at: key.retiresAt ?? null,
  secret: (await refreshKeyFile(keysDir, key.id)) ? 'present' : 'missing',
})

const list = (context: Context) => () =>
  withStores(context, async (stores, config) => {
    const now = context.clock.now()
    const [ofTokens, ofFeed] = [await stores.signingKeys.list(), await stores.revocationKeys.list()]
    const signing = await Promise.all([
      ...ofTokens.map((key) => signingJson('tokens', key, config, now)),
      ...ofFeed.map((key) => signingJson('revocations', key, config, now)),
    ])
    const records = await stores.refreshKeys.list()
    const refresh = await Promise.all(records.map((key) => refreshJson(key, records, config, now)))
    const none = 'No keys yet: the first start of the server makes them.'
    const signingText = table(
      ['KID', 'ALG', 'STATUS', 'SIGNS FROM', 'UNTIL', 'PUBLISHED UNTIL', 'FILE', 'SIGNS'],
      signing.map((key) => [
        key.kid,
        key.alg,
        key.status,
        key.activates_at,
        key.retires_at ?? undefined,
        key.gone_at ?? undefined,
        key.private_key,
        key.purpose,
      ]),
      none,
    )
    const refreshText = table(
      ['REFRESH KEY', 'STATUS', 'CREATED', 'MINTS UNTIL', 'FILE'],
      refresh.map((key) => [key.id, key.status, key.created_at, key.retires_at ?? undefined, key.secret]),
      '',
    )
    return {
      json: { keys: signing, refresh_keys: refresh },
      text: refreshText === '' ? signingText : `${signingText}\n\n${refreshText}`,
    }
  })

export const key = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('list', 'signing keys and refresh keys with their instants', list(context))
  group.command<RotateOptions>(
    'rotate [alg]',
    'make a successor: of each signing key, of the algorithm named, of the feed’s key (`revocations`), or of the key of refresh tokens (`refresh`)',
    rotate(context),
    (leaf) =>
      leaf
        .option('--emergency', 'the old key was stolen: replace it now and refuse what it made')
        .option('--yes', 'do it'),
  )
}
