import type { Command } from 'commander'
import { claimName, standardClaimsOfScope } from '../oauth/claims.ts'
import { isProtocolClaim } from '../oauth/configured-claims.ts'
import { isRecord } from '../record.ts'
import { type Context, withStores } from './context.ts'
import { findPerson } from './person.ts'
import { wrongUsage } from './refusal.ts'
import { printable } from './table.ts'
import { userJson, userText } from './user-text.ts'

export type ClaimOptions = {
  readonly name?: string
  readonly email?: string
  readonly emailVerified?: true
  readonly group?: readonly string[]
  readonly role?: readonly string[]
}
type ChangeOptions = ClaimOptions & { readonly set?: readonly string[]; readonly remove?: readonly string[] }

export const declareClaims = (command: Command): Command =>
  command
    .option('--email <address>', 'the claim `email`')
    .option('--email-verified', 'the claim `email_verified`: the address was proven to be theirs')
    .option('--name <name>', 'the claim `name`')
    .option('--group <name...>', 'the claim `groups`, which the scope of that name gives')
    .option('--role <name...>', 'the claim `roles`, likewise')

export const declareChange = (command: Command): Command =>
  declareClaims(command)
    .option('--set <claim=value...>', 'any claim: JSON, or else text')
    .option('--remove <claim...>', 'take a claim away')

/** @throws Refusal */
export const claimsOf = ({ name, email, emailVerified, group, role }: ClaimOptions) => {
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw wrongUsage('--email takes one address, such as alice@example.com.')
  return {
    ...(name !== undefined && { name }),
    ...(group && { groups: group }),
    ...(role && { roles: role }),
    // A new address is not proven by the proof of the old one.
    ...(email !== undefined
      ? { email, email_verified: emailVerified === true }
      : emailVerified && { email_verified: true }),
  }
}

type Kind = 'text' | 'truth' | 'number' | 'object' | 'list'

/** OIDC Core §5.1, RFC 9068 §2.2.3.1: of which kind a claim is; of others any. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...[...standardClaimsOfScope.values()].flat().map((name): [string, Kind] => [name, 'text']),
  ['email_verified', 'truth'],
  ['phone_number_verified', 'truth'],
  ['updated_at', 'number'],
  ['address', 'object'],
  ['groups', 'list'],
  ['roles', 'list'],
])

const fits: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value !== '',
  truth: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  object: isRecord,
  list: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
}
const needed: Readonly<Record<Kind, string>> = {
  text: 'text',
  truth: 'true or false',
  number: 'a number',
  object: 'a JSON object',
  list: 'a JSON list of texts, such as ["staff"]',
}

const nameOf = (name: string): string => {
  if (!claimName.test(name)) throw wrongUsage(`${printable(name)} is no name of a claim.`)
  if (isProtocolClaim(name)) throw wrongUsage(`${name} is the protocol's, and says nothing about a person.`)
  return name
}

const assignment = (text: string): readonly [string, unknown] => {
  const at = text.indexOf('=')
  if (at < 1) throw wrongUsage('--set takes CLAIM=VALUE, such as --set department=Sales.')
  const [name, sent] = [nameOf(text.slice(0, at)), text.slice(at + 1)]
  const kind = kinds.get(name)
  const value = kind === 'text' ? sent : jsonOr(sent)
  if (kind && !fits[kind](value)) throw wrongUsage(`The claim ${name} is ${needed[kind]}.`)
  return [name, value]
}

const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text // not JSON: text
  }
}

export const changeClaims = (context: Context) => async (options: ChangeOptions, name: string) => {
  const set = { ...claimsOf(options), ...Object.fromEntries((options.set ?? []).map(assignment)) }
  const remove = (options.remove ?? []).map(nameOf)
  const named = [...Object.keys(set), ...remove]
  if (named.length === 0)
    throw wrongUsage('Nothing to change: give --name, --email, --group, --role, --set or --remove.')
  const both = remove.find((each) => Object.hasOwn(set, each))
  if (both !== undefined) throw wrongUsage(`${both} cannot be set and removed at once.`)
  return withStores(context, async (stores) => {
    const user = await findPerson(stores, name)
    const changed = await stores.users.changeClaims(user.id, { set, remove }, context.clock.now())
    return {
      json: userJson(changed),
      text: `Changed: ${named.join(', ')}. Nothing was ended: apps hear of it when they ask next.\n\n${userText(changed)}`,
    }
  })
}
