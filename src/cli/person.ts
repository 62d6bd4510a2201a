import type { Config } from '../config.ts'
import type { User } from '../identity/stores.ts'
import { parseUsername } from '../identity/username.ts'
import { createSubjectOf } from '../oauth/subject.ts'
import { isUuid as isStoredUuid } from '../uuid.ts'
import { type Context, everything, type Opened } from './context.ts'
import { notFound } from './refusal.ts'
import { counted, countedAtMost, printable } from './table.ts'

/** People write an id in either case. */
export const isUuid = (text: string): boolean => isStoredUuid(text.toLowerCase())

/** By name, or by the `sub` of a token. @throws Refusal */
export const findPerson = async ({ users }: Pick<Opened['stores'], 'users'>, name: string): Promise<User> => {
  const username = parseUsername(name)
  const user =
    (username && (await users.findByUsername(username.key))) ??
    (isUuid(name) ? await users.find(name.toLowerCase()) : undefined)
  if (!user) throw notFound(`There is no user ${printable(name)}. \`tessera user list\` names them all.`)
  return user
}

/** By the `sub` that a client was told: nothing leads back from it, so each person's is computed. @throws Refusal */
export const findKnownBy = async (
  stores: Pick<Opened['stores'], 'users' | 'clients'>,
  sub: string,
  clientId: string,
  { context, config }: { readonly context: Context; readonly config: Config },
): Promise<User> => {
  const client = await stores.clients.find(clientId)
  if (!client) throw notFound(`There is no client ${printable(clientId)}. \`tessera client list\` names them all.`)
  const { createKeyDirectory } = await import('../keys/directory.ts')
  const passphrase = config.keyPassphrase
  const directory = createKeyDirectory({ path: config.keysDir, passphrase, random: context.random })
  // Another one, made here, would find nobody, and hide from the server that its own was lost.
  if (!(await directory.hasSubjectSecret()))
    throw notFound(`There is no subject.key in ${config.keysDir}. Put it back from a backup, or set KEYS_DIR.`)
  const subjectOf = createSubjectOf(await directory.subjectSecret())
  const wanted = sub.toLowerCase()
  const everybody = await everything(stores.users.list, ({ id }) => id)
  const user = everybody.find(({ id }) => subjectOf(client, id) === wanted)
  if (!user)
    throw notFound(
      `${printable(clientId)} knows nobody as ${printable(sub)}, with the subject.key in ${config.keysDir}.`,
    )
  return user
}

/** What hangs on a person or on a client and ends with it. */
export type Standing = { readonly sessions: number; readonly families: number }

export const standingOf = async (
  { sessions, families }: Pick<Opened['stores'], 'sessions' | 'families'>,
  userId: string,
  now: Date,
): Promise<Standing> => {
  const limit = countedAtMost + 1
  return {
    sessions: (await sessions.list({ userId, limit }, now)).length,
    families: (await families.list({ userId, limit }, now)).length,
  }
}

export const standingText = ({ sessions, families }: Standing): string =>
  `${counted(sessions, 'session', 'sessions')}, ${counted(families, 'token family', 'token families')}`
