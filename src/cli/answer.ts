import type { Command } from 'commander'
import type { Context } from './context.ts'
import { type ExitCode, exitCodes } from './refusal.ts'

/** What a command says: the same thing for people and for machines. */
export type Answer = {
  readonly text: string
  readonly json: object
  /** For standard error, in both forms. */
  readonly warning?: string | undefined
  readonly exitCode?: ExitCode
}

export type Outcome = { exitCode: ExitCode }

/** A group such as `user`, whose commands answer in text or JSON. */
export type Group = {
  /** @param act receives the options and the argument, empty where the command has none or it was left out */
  command<Options extends object>(
    usage: string,
    description: string,
    act: (options: Options, argument: string) => Promise<Answer>,
    declare?: (command: Command) => Command,
  ): void
}

export const createGroup = (command: Command, context: Context, outcome: Outcome): Group => ({
  command: (usage, description, act, declare = (same) => same) => {
    const leaf = declare(command.command(usage).description(description)).option(
      '--json',
      'answer with one JSON document',
    )
    leaf.action(async () => {
      const options = leaf.opts()
      const { text, json: document, warning, exitCode } = await act(leaf.opts(), leaf.args[0] ?? '')
      if (warning) context.stderr.write(`${warning}\n`)
      context.stdout.write(options.json ? `${JSON.stringify(document, undefined, 2)}\n` : `${text}\n`)
      outcome.exitCode = exitCode ?? exitCodes.done
    })
  },
})
