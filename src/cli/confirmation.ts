import { StringDecoder } from 'node:string_decoder'
import type { Command } from 'commander'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

/** Asks a person, on standard error, and takes nothing but `yes` for one. */
const confirms = ({ stdin, stderr }: Terminal, question: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    let typed = ''
    const leave = () => {
      stdin.off('data', hear)
      stdin.off('end', abandon)
      stdin.pause()
    }
    const abandon = () => {
      leave()
      reject(new Refusal('Interrupted; nothing was changed.'))
    }
    const hear = (chunk: Buffer | string) => {
      typed += typeof chunk === 'string' ? chunk : decoder.write(chunk)
      if (!typed.includes('\n') && typed.length < 1000) return
      leave()
      resolve(typed.trim().toLowerCase() === 'yes')
    }
    stderr.write(`${question} Type yes to go on: `)
    stdin.on('data', hear)
    stdin.on('end', abandon)
    stdin.resume()
  })

export type Confirmation = { readonly yes?: true; readonly dryRun?: true }

export const declareConfirmation = (command: Command): Command =>
  command.option('--yes', 'do it without asking').option('--dry-run', 'say what would end, and change nothing')

/**
 * Whatever reaches far says first what it will end.
 *
 * @param verb regular: `end`, of which `ends` is made
 * @returns what is said instead of doing it; undefined where it is to be done
 * @throws Refusal where it was not confirmed
 */
export const rehearsed = async (
  terminal: Terminal,
  verb: string,
  what: string,
  { yes, dryRun }: Confirmation,
): Promise<string | undefined> => {
  const would = `This would ${verb} ${what}. Nothing was changed`
  if (dryRun) return `${would}.`
  if (yes) return undefined
  if (!terminal.stdin.isTTY)
    throw new Refusal(`${would}: there is no terminal to ask at; add --yes to do it.`, 'confirmation_required')
  if (!(await confirms(terminal, `This ${verb}s ${what}.`)))
    throw new Refusal('Nothing was changed.', 'confirmation_required')
  return undefined
}
