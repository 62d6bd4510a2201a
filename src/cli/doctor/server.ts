import { createServer } from 'node:net'
import type { Config } from '../../config.ts'
import type { Context } from '../context.ts'
import { type Finding, failed, ok } from './finding.ts'

const patienceMs = 3000

type Reply =
  | { readonly is: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly is: 'silence'; readonly code: string }

const get = async (context: Pick<Context, 'fetch'>, url: string): Promise<Reply> => {
  try {
    const response = await context.fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patienceMs) })
    const text = await response.text()
    return { is: 'answer', status: response.status, body: parsed(text) }
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    return { is: 'silence', code: code ?? (error instanceof Error ? error.name : 'unknown error') }
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Another program answered: what it said is not ours to judge.
    return undefined
  }
}

const member = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get(name) : undefined

/** Either a server answers at the issuer, or one could start here. */
export const checkServer = async (context: Context, config: Config): Promise<readonly Finding[]> => {
  const health = await get(context, new URL('/health/ready', config.issuer).href)
  if (health.is === 'silence') return [await unanswered(health.code, config)]
  const status = member(health.body, 'status')
  if (typeof status !== 'string')
    return [
      failed(
        'server',
        `what answers at ${config.issuer} is not Tessera (status ${health.status})`,
        'Stop that program, or set PORT and ISSUER to another port.',
      ),
    ]
  const checks = Object.entries(member(health.body, 'checks') ?? {})
  const bad = checks.filter(([, result]) => result !== 'ok').map(([name]) => name)
  const server =
    health.status === 200
      ? ok('server', `ready at ${config.issuer}`)
      : failed(
          'server',
          `${status}${bad.length > 0 ? `: ${bad.join(', ')}` : ''}`,
          'Read its log for the first warning.',
        )
  return [server, await discovery(context, config)]
}

const discovery = async (context: Context, { issuer }: Config): Promise<Finding> => {
  const reply = await get(context, `${issuer}/.well-known/openid-configuration`)
  const served = reply.is === 'answer' ? member(reply.body, 'issuer') : undefined
  if (served === issuer) return ok('discovery', 'serves the issuer, letter for letter')
  const detail = typeof served === 'string' ? `serves the issuer ${served}` : 'is not served'
  // OIDC Discovery §4.3: clients refuse an issuer that differs in a single character.
  return failed(
    'discovery',
    `${detail} at ${issuer}`,
    `Start the server with ISSUER=${issuer}, or run this with its ISSUER.`,
  )
}

const isCertificate = (code: string): boolean => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)

const unanswered = async (code: string, { issuer, host, port }: Config): Promise<Finding> => {
  if (isCertificate(code))
    return failed(
      'server',
      `its certificate is not trusted here (${code})`,
      'Set NODE_EXTRA_CA_CERTS to its authority.',
    )
  if (port === 0) return ok('port', 'the server will take any that is free')
  const taken = await bindProblem(host, port)
  if (taken === undefined) return ok('port', `${port} is free; no server runs`)
  if (taken === 'EADDRINUSE')
    return failed(
      'port',
      `${port} is taken, and nothing answers at ${issuer} (${code})`,
      'Stop the program that has it or set PORT; or, where that is the server, see that ISSUER leads to it.',
    )
  return failed(
    'port',
    `${port} of ${host} cannot be had (${taken})`,
    'Set PORT above 1023, and HOST to an address of this machine.',
  )
}

const bindProblem = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.name))
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
