import type { Command } from 'commander'
import type { User } from '../identity/stores.ts'
import { parseUsername } from '../identity/username.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, everything, withStores } from './context.ts'
import { declarePassword, type PasswordOptions, passwordSource } from './password.ts'
import { findPerson, standingOf, standingText } from './person.ts'
import { Refusal, wrongUsage } from './refusal.ts'
import { type Cell, details, table } from './table.ts'

/** OIDC Core §5.1 for the claims, RFC 7662 for `username`. */
const userJson = (user: User) => ({
  ...user.claims,
  sub: user.id,
  username: user.username,
  admin: user.admin,
  has_password: user.passwordHash !== undefined,
  created_at: user.createdAt,
  disabled_at: user.disabledAt ?? null,
  not_before: user.notBefore ?? null,
})

const text = (value: unknown): Cell => (typeof value === 'string' ? value : JSON.stringify(value))

const userText = (user: User): string =>
  details([
    ['Username', user.username],
    ['Subject', user.id],
    ['Administrator', user.admin],
    ['Password', user.passwordHash === undefined ? 'none' : 'set'],
    ['Created', user.createdAt],
    ['Disabled', user.disabledAt ?? 'no'],
    ...Object.entries(user.claims).map(([name, value]): [string, Cell] => [name, text(value)]),
  ])

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
          text(user.claims.email),
        ]),
        'Nobody yet. `tessera user create USERNAME` makes somebody.',
      ),
    }
  })

const show = (context: Context) => (_: object, name: string) =>
  withStores(context, async (stores) => {
    const user = await findPerson(stores, name)
    const standing = await standingOf(stores, user.id, context.clock.now())
    return {
      json: { ...userJson(user), ...standing },
      text: `${userText(user)}\n\n${standingText(standing)} alive`,
    }
  })

type CreateOptions = PasswordOptions & {
  readonly email?: string
  readonly emailVerified?: true
  readonly name?: string
  readonly group?: readonly string[]
  readonly role?: readonly string[]
  readonly admin?: true
}

const create = (context: Context) => async (options: CreateOptions, name: string) => {
  const { clock, random } = context
  const username = parseUsername(name)
  if (!username) throw wrongUsage('That is no username: 1 to 128 characters, without control or formatting characters.')
  if (options.email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(options.email))
    throw wrongUsage('--email takes one address, such as alice@example.com.')
  const password = passwordSource(context, options)
  return withStores(context, async ({ users }) => {
    if (await users.findByUsername(username.key))
      throw new Refusal('Somebody of that name exists already; `tessera user show` says who.')
    const user = await users.create({
      id: random.uuid(),
      username: username.display,
      usernameKey: username.key,
      passwordHash: await hashed(context, await password()),
      claims: {
        ...(options.name !== undefined && { name: options.name }),
        ...(options.group && { groups: options.group }),
        ...(options.role && { roles: options.role }),
        ...(options.email !== undefined && { email: options.email, email_verified: options.emailVerified === true }),
      },
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
    declarePassword(leaf)
      .option('--email <address>', 'the claim `email`')
      .option('--email-verified', 'the claim `email_verified`: the address was proven to be theirs')
      .option('--name <name>', 'the claim `name`')
      .option('--group <name...>', 'the claim `groups`, which the scope of that name gives')
      .option('--role <name...>', 'the claim `roles`, likewise')
      .option('--admin', 'an administrator'),
  )
  group.command('list', 'everybody', list(context))
  group.command('show <username>', 'one person, by name or `sub`', show(context))
  group.command('disable <username>', 'end everything of a person and let them log in no longer', disable(context))
  group.command('enable <username>', 'let a disabled person log in again', enable(context))
  group.command(
    'password <username>',
    'set a new password and end everything',
    changePassword(context),
    declarePassword,
  )
}
