import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { ClientMetadata } from '../oauth/client.ts'
import { checkMetadata, InvalidMetadata } from '../oauth/registration.ts'
import { presetNamed } from './client-preset.ts'
import { exitCodes, Refusal, wrongUsage } from './refusal.ts'

export type MetadataOptions = {
  readonly name?: string
  readonly type?: string
  readonly redirectUri?: readonly string[]
  readonly postLogoutRedirectUri?: readonly string[]
  readonly scope?: string
  readonly resource?: readonly string[]
  readonly grant?: readonly string[]
  readonly authMethod?: string
  readonly jwksFile?: string
  readonly jwksUri?: string
  readonly firstParty?: true
  readonly set?: readonly string[]
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const declareMetadata = (command: Command): Command =>
  command
    .option('--name <name>', 'what people read on the consent page')
    .option('--redirect-uri <uri>', 'where answers may go; repeatable', several)
    .option('--post-logout-redirect-uri <uri>', 'where a logout may lead; repeatable', several)
    .option('--scope <scope>', 'what it may ask for, separated by spaces')
    .option(
      '--resource <uri>',
      'an API it may ask tokens for (RFC 8707), the first is the default; repeatable',
      several,
    )
    .option('--grant <type>', 'a grant type it may use; repeatable', several)
    .option('--auth-method <method>', 'how it authenticates at the token endpoint')
    .option('--jwks-file <file>', 'its public keys, a JWK set')
    .option('--jwks-uri <uri>', 'where its public keys are published')
    .option('--first-party', 'of the same owner as this server: people are not asked for consent')
    .option('--set <field=value>', 'any field by its name; an empty value takes it away; repeatable', several)

/**
 * @param base what is changed: a preset or the client as it is
 * @throws Refusal with every mistake at once
 */
export const metadataOf = async (
  options: MetadataOptions,
  base: Readonly<Record<string, unknown>>,
): Promise<ClientMetadata> => {
  const jwks = options.jwksFile === undefined ? undefined : await readJwks(options.jwksFile)
  const { redirectUri } = options
  const preset = options.type === undefined ? {} : presetNamed(options.type)(redirectUri ?? [])
  const named: Readonly<Record<string, unknown>> = {
    client_name: options.name,
    redirect_uris: redirectUri,
    post_logout_redirect_uris: options.postLogoutRedirectUri,
    scope: options.scope,
    resources: options.resource,
    grant_types: options.grant,
    token_endpoint_auth_method: options.authMethod ?? (jwks || options.jwksUri ? 'private_key_jwt' : undefined),
    jwks,
    jwks_uri: options.jwksUri,
    first_party: options.firstParty,
  }
  const given = Object.entries(named).filter(([, value]) => value !== undefined)
  const set = (options.set ?? []).map(assignment)
  const merged = { ...base, ...preset, ...Object.fromEntries(given), ...Object.fromEntries(set) }
  return checked(Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)))
}

const checked = (input: object): ClientMetadata => {
  try {
    return checkMetadata(input, 'operator')
  } catch (error) {
    if (!(error instanceof InvalidMetadata)) throw error
    const lines = error.mistakes.map(({ field, problem }) => `  ${field} ${problem}`)
    const fields = Object.keys(ClientMetadata.properties).join(', ')
    const known = error.mistakes.some(({ problem }) => problem === 'is not a known field')
      ? `\nThe fields are: ${fields}.`
      : ''
    const count = lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`
    throw new Refusal(`The client's metadata has ${count}:\n${lines.join('\n')}${known}`, error.code, exitCodes.usage)
  }
}

/** Text for fields that hold text, JSON for the others; one value alone is a list of one. */
const assignment = (text: string): readonly [string, unknown] => {
  const at = text.indexOf('=')
  if (at < 1) throw wrongUsage('--set takes FIELD=VALUE, such as --set access_token_lifetime=300.')
  const [field, value] = [text.slice(0, at), text.slice(at + 1)]
  if (value === '') return [field, undefined]
  const schema = Object.entries(ClientMetadata.properties).find(([name]) => name === field)?.[1]
  const type = schema && 'type' in schema ? schema.type : 'string'
  if (type === 'string') return [field, value]
  try {
    const parsed: unknown = JSON.parse(value)
    return [field, type === 'array' && !Array.isArray(parsed) ? [parsed] : parsed]
  } catch {
    // Not JSON: the rules of the field say what was expected instead.
    return [field, type === 'array' ? [value] : value]
  }
}

const readJwks = async (path: string): Promise<unknown> => {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof parsed === 'object' && parsed !== null && 'kty' in parsed ? { keys: [parsed] } : parsed
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw wrongUsage(`--jwks-file ${why}: ${path}. It holds a JWK set, {"keys":[…]}, with public keys only.`)
  }
}
