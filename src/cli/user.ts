import type { Command } from 'commander'
import { parseUsername } from '../identity/username.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, everything, withStores } from './context.ts'
import { declarePassword, type PasswordOptions, passwordSource } from './password.ts'
import { findKnownBy, findPerson, standingOf, standingText } from './person.ts'
import { Refusal, wrongUsage } from './refusal.ts'
import { table } from './table.ts'
import { type ClaimOptions, changeClaims, claimsOf, declareChange, declareClaims } from './user-claims.ts'
import { claimText, userJson, userText } from './user-text.ts'

const list = (context: Context) => () =>
  withStores(context, async ({ users }) => {
    const all = [...(await everything(users.list, ({ id }) => id))].sort((a, b) => (a.username < b.username ? -1 : 1))
    return {
      json: { users: all.map(userJson) },
      text: table(
        ['USERNAME', 'SUBJECT', 'ADMIN', 'STATE', 'CREATED', 'EMAIL'],
        all.map((user) => [
          user.username,
          user.id,
          user.admin,
          user.disabledAt ? 'disabled' : 'enabled',
          user.createdAt,
          claimText(user.claims.email),
        ]),
        'Nobody yet. `tessera user create USERNAME` makes somebody.',
      ),
    }
  })

const show = (context: Context) => (options: { readonly client?: string }, name: string) =>
  withStores(context, async (stores, config) => {
    const user =
      options.client === undefined
        ? await findPerson(stores, name)
        : await findKnownBy(stores, name, options.client, { context, config })
    const standing = await standingOf(stores, user.id, context.clock.now())
    return {
      json: { ...userJson(user), ...standing },
      text: `${userText(user)}\n\n${standingText(standing)} alive`,
    }
  })

type CreateOptions = PasswordOptions & ClaimOptions & { readonly admin?: true }

const create = (context: Context) => async (options: CreateOptions, name: string) => {
  const { clock, random } = context
  const username = parseUsername(name)
  if (!username) throw wrongUsage('That is no username: 1 to 128 characters, without control or formatting characters.')
  const claims = claimsOf(options)
  const password = passwordSource(context, options)
  return withStores(context, async ({ users }) => {
    if (await users.findByUsername(username.key))
      throw new Refusal('Somebody of that name exists already; `tessera user show` says who.')
    const user = await users.create({
      id: random.uuid(),
      username: username.display,
      usernameKey: username.key,
      passwordHash: await hashed(context, await password()),
      claims,
      admin: options.admin === true,
      createdAt: clock.now(),
    })
    return { json: userJson(user), text: `Created.\n\n${userText(user)}` }
  })
}

/** argon2 is loaded only by the commands that hash. */
const hashed = async ({ random }: Context, password: string): Promise<string> => {
  const { createPasswords } = await import('../identity/password.ts')
  return createPasswords({ concurrency: 1, random }).hash(password)
}

const changePassword = (context: Context) => async (options: PasswordOptions, name: string) => {
  const password = passwordSource(context, options)
  return withStores(context, async (stores) => {
    const user = await findPerson(stores, name)
    const passwordHash = await hashed(context, await password())
    const now = context.clock.now()
    const ended = await standingOf(stores, user.id, now)
    await stores.users.setPassword(user.id, passwordHash, now)
    return {
      json: { sub: user.id, username: user.username, ended },
      text: `${user.username} has a new password. Ended: ${standingText(ended)}.`,
    }
  })
}

const disable = (context: Context) => (_: object, name: string) =>
  withStores(context, async (stores) => {
    const user = await findPerson(stores, name)
    const now = context.clock.now()
    const ended = await standingOf(stores, user.id, now)
    if (!(await stores.users.disable(user.id, now))) throw new Refusal(`${user.username} is disabled already.`)
    return {
      json: { sub: user.id, username: user.username, disabled_at: now, ended },
      text: `${user.username} is disabled. Ended: ${standingText(ended)}.`,
    }
  })

const enable = (context: Context) => (_: object, name: string) =>
  withStores(context, async (stores) => {
    const user = await findPerson(stores, name)
    if (!(await stores.users.enable(user.id))) throw new Refusal(`${user.username} is not disabled.`)
    return {
      json: { sub: user.id, username: user.username, disabled_at: null },
      text: `${user.username} may log in again. What was ended stays ended.`,
    }
  })

export const user = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('create <username>', 'create a person', create(context), (leaf) =>
    declareClaims(declarePassword(leaf)).option('--admin', 'an administrator'),
  )
  group.command('list', 'everybody', list(context))
  group.command('show <username>', 'one person, by name or `sub`', show(context), (leaf) =>
    leaf.option('--client <id>', 'the `sub` is the one by which this client knows the person'),
  )
  group.command('claims <username>', 'change what apps are told of a person', changeClaims(context), declareChange)
  group.command('disable <username>', 'end everything of a person and let them log in no longer', disable(context))
  group.command('enable <username>', 'let a disabled person log in again', enable(context))
  group.command(
    'password <username>',
    'set a new password and end everything',
    changePassword(context),
    declarePassword,
  )
}
