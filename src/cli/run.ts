import { Command, CommanderError } from 'commander'
import { systemClock } from '../clock.ts'
import { type Config, ConfigurationError } from '../config.ts'
import { systemRandom } from '../random.ts'
import type { Outcome } from './answer.ts'
import type { Context } from './context.ts'
import { type ExitCode, exitCodes, Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

type Groups = Readonly<Record<string, { readonly is: string; readonly load: () => Promise<Declare> }>>
type Declare = (command: Command, context: Context, outcome: Outcome) => void

/** Loaded when asked for: `tessera --help` must not wait for a database driver. */
const groups: Groups = {
  user: { is: 'people who log in', load: async () => (await import('./user.ts')).user },
  client: { is: 'apps that let people log in', load: async () => (await import('./client.ts')).client },
  key: { is: 'the keys that sign and that mint refresh tokens', load: async () => (await import('./key.ts')).key },
  session: { is: 'who is logged in, and where', load: async () => (await import('./session.ts')).session },
  logout: { is: 'whether apps have heard of logouts', load: async () => (await import('./logout.ts')).logout },
  family: { is: 'the tokens of one login in one app', load: async () => (await import('./family.ts')).family },
  revoke: {
    is: 'end what is alive, and say first what that is',
    load: async () => (await import('./revoke.ts')).revoke,
  },
  token: { is: 'what a token says and whether it is good', load: async () => (await import('./token.ts')).token },
  admin: { is: 'who looks after the server', load: async () => (await import('./admin.ts')).admin },
}

export type World = Terminal &
  Pick<Context, 'open'> & { config(): Config } & Partial<Pick<Context, 'clock' | 'random' | 'fetch'>>

/** @param argv without the interpreter and the program @returns the exit code; nothing is thrown */
export const runCli = async (argv: readonly string[], world: World): Promise<ExitCode> => {
  const context: Context = { clock: systemClock, random: systemRandom, fetch, ...world }
  const outcome: Outcome = { exitCode: exitCodes.done }
  try {
    const program = await declare(argv, context, outcome)
    await program.parseAsync([...argv], { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
    const failure = failureOf(error)
    if (argv.includes('--json'))
      context.stdout.write(
        `${JSON.stringify({ error: failure.code, error_description: failure.message }, undefined, 2)}\n`,
      )
    // What commander has to say it has said already.
    else if (!(error instanceof CommanderError)) context.stderr.write(`${failure.message}\n`)
    return failure.exitCode
  }
}

const declare = async (argv: readonly string[], context: Context, outcome: Outcome): Promise<Command> => {
  const { stdout, stderr } = context
  const program = new Command('tessera')
    .description('Looks after a Tessera server: works on its database, also while it runs.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError('Add --help for what there is.')
  const asked = argv.filter((word) => !word.startsWith('-'))
  for (const [name, { is, load }] of Object.entries(groups)) {
    const group = program.command(name).description(is)
    if (asked.includes(name)) (await load())(group, context, outcome)
  }
  if (asked.includes('doctor')) (await import('./doctor.ts')).doctor(program, context, outcome)
  else program.command('doctor').description('look for what is wrong')
  return program
}

/** Errors whose message is written for whoever runs the command, and holds no secret. */
const told = new Set(['KeyFileError', 'MigrationError'])

const failureOf = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error
  if (error instanceof CommanderError)
    return new Refusal(error.message.replace(/^error: /, ''), 'usage', exitCodes.usage)
  if (error instanceof ConfigurationError) return new Refusal(error.message, 'configuration', exitCodes.configuration)
  if (error instanceof Error && error.name === 'Unavailable')
    return new Refusal(
      'The database is slow or away. `tessera doctor` says what is the matter.',
      'temporarily_unavailable',
    )
  if (error instanceof Error && told.has(error.name)) return new Refusal(error.message)
  // The message of an unforeseen error may repeat what was stored or typed.
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line)) : []
  const name = error instanceof Error ? error.name : typeof error
  return new Refusal(`Unforeseen: ${name}. Please report this.\n${frames.slice(0, 8).join('\n')}`, 'server_error')
}
