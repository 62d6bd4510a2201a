import type { Command } from 'commander'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, withStores } from './context.ts'
import type { Inspection } from './inspection.ts'
import { exitCodes, wrongUsage } from './refusal.ts'
import { type Cell, details } from './table.ts'
import { askHidden, readInput } from './terminal.ts'
import { inspectRefreshToken } from './token-refresh.ts'
import { inspectSigned } from './token-signed.ts'

const names = {
  access_token: 'access token',
  id_token: 'ID token',
  refresh_token: 'refresh token',
  unknown: 'token',
} as const

const others: Readonly<Record<string, string>> = {
  tss_: "a session cookie's value",
  tsc_: 'an authorization code',
  tsi_: "an interaction's id",
  tal_: 'a link for an administrator',
  tcs_: 'a client secret',
  tra_: 'a registration access token',
  tsn_: 'an initial access token',
}

const read = async (context: Context, argument: string): Promise<string> => {
  if (argument !== '' && argument !== '-') return argument.trim()
  if (!context.stdin.isTTY) return (await readInput(context)).trim()
  return (await askHidden(context, ['Token (it is not shown): ']))[0]?.trim() ?? ''
}

const inspectOne = (context: Context, token: string): Promise<Inspection> => {
  const other = Object.entries(others).find(([prefix]) => token.startsWith(prefix))?.[1]
  if (other) throw wrongUsage(`That is ${other}, not a token. Treat it as leaked if it was pasted anywhere.`)
  return withStores(context, (stores, config) => {
    const now = context.clock.now()
    return token.startsWith('tsr_')
      ? inspectRefreshToken(token, { stores, config, now, random: context.random })
      : inspectSigned(token, { stores, config, now })
  })
}

const instants = new Set(['iat', 'exp', 'nbf', 'auth_time'])
const cellOf = (name: string, value: unknown): Cell => {
  if (instants.has(name) && typeof value === 'number' && Math.abs(value) < 8.64e12)
    return `${new Date(value * 1000).toISOString()} (${value})`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const inspect = (context: Context) => async (_: object, argument: string) => {
  const token = await read(context, argument)
  if (token === '') throw wrongUsage('There is no token. Give it on standard input: `tessera token inspect < FILE`.')
  const { kind, problems, header, claims } = await inspectOne(context, token)
  const good = problems.length === 0
  const name = names[kind]
  const verdict = good
    ? `This ${name} is good.`
    : `This ${name} is not good:\n${problems.map((p) => `  - ${p}`).join('\n')}`
  const said = [...Object.entries(header ?? {}), ...Object.entries(claims)]
  return {
    // RFC 7662 §2.2 for the claims; `kind` in the terms of RFC 7009's `token_type_hint`.
    json: { active: good, kind, problems, ...(header && { header }), claims },
    text:
      said.length === 0
        ? verdict
        : `${verdict}\n\n${details(said.map(([claim, value]) => [claim, cellOf(claim, value)]))}`,
    warning:
      argument !== '' && argument !== '-'
        ? 'Careful: an argument stays in the history of the shell and can be seen by others of this machine. Give tokens on standard input.'
        : undefined,
    exitCode: good ? exitCodes.done : exitCodes.refused,
  }
}

export const token = (command: Command, context: Context, outcome: Outcome): void => {
  createGroup(command, context, outcome).command(
    'inspect [token]',
    'says whether a token of this server is good, and why not; reads it from standard input',
    inspect(context),
  )
}
