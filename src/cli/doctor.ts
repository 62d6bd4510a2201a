import type { Command } from 'commander'
import { type Config, ConfigurationError } from '../config.ts'
import { createGroup, type Outcome } from './answer.ts'
import type { Context } from './context.ts'
import { checkDatabase, embeddedFinding } from './doctor/database.ts'
import type { Finding } from './doctor/finding.ts'
import { checkServer } from './doctor/server.ts'
import { exitCodes } from './refusal.ts'
import { printable } from './table.ts'

const examine = async (context: Context, config: Config): Promise<readonly Finding[]> => {
  const embedded = await embeddedFinding(config)
  return [
    { check: 'configuration', status: 'ok', detail: `issuer ${config.issuer}, ${config.mode}` },
    ...(embedded ? [embedded] : []),
    ...(embedded?.status === 'skipped' || embedded?.status === 'failed' ? [] : await checkDatabase(context, config)),
    ...(await checkServer(context, config)),
  ]
}

const configurationFinding = (error: unknown): Finding => {
  if (!(error instanceof ConfigurationError)) throw error
  return {
    check: 'configuration',
    status: 'failed',
    detail: error.message,
    remedy: 'Correct the variables that are named.',
  }
}

const readOr = (context: Context): Config | Finding => {
  try {
    return context.config()
  } catch (error) {
    return configurationFinding(error)
  }
}

const line = ({ check, status, detail, remedy }: Finding): string =>
  `${status.padEnd(7)}  ${check}: ${detail.split('\n').map(printable).join('\n         ')}${remedy ? `\n         → ${remedy}` : ''}`

const run = (context: Context) => async () => {
  const read = readOr(context)
  const findings = 'check' in read ? [read] : await examine(context, read)
  const failed = findings.filter(({ status }) => status === 'failed').length
  const sum = failed === 0 ? 'Nothing is wrong.' : `${failed} of ${findings.length} checks failed.`
  return {
    json: { ok: failed === 0, checks: findings.map((each) => ({ ...each, remedy: each.remedy ?? null })) },
    text: `${findings.map(line).join('\n')}\n\n${sum}`,
    exitCode: 'check' in read ? exitCodes.configuration : failed === 0 ? exitCodes.done : exitCodes.refused,
  }
}

export const doctor = (program: Command, context: Context, outcome: Outcome): void => {
  createGroup(program, context, outcome).command('doctor', 'look for what is wrong', run(context))
}
