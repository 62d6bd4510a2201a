import { wrongUsage } from './refusal.ts'

/** What a kind of app usually needs. Whatever is given beside it wins. */
type Preset = {
  readonly is: string
  readonly metadata: (redirectUris: readonly string[]) => Readonly<Record<string, unknown>>
}

const person = { grant_types: ['authorization_code', 'refresh_token'], scope: 'openid profile email offline_access' }

export const presets: Readonly<Record<string, Preset>> = {
  web: {
    is: 'an app with a server of its own, which keeps a secret',
    metadata: () => ({ ...person, token_endpoint_auth_method: 'client_secret_basic' }),
  },
  spa: {
    is: 'an app in the browser: no secret, and its origins may call the token endpoint',
    metadata: (uris) => ({ ...person, token_endpoint_auth_method: 'none', allowed_origins: originsOf(uris) }),
  },
  native: {
    is: 'an app on a phone or a desktop: no secret',
    metadata: () => ({ ...person, token_endpoint_auth_method: 'none' }),
  },
  device: {
    is: 'an app on a device without a browser, such as a television or a command line: no secret',
    metadata: () => ({
      ...person,
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  },
  machine: {
    is: 'a program that acts for itself; needs --resource',
    metadata: () => ({
      grant_types: ['client_credentials'],
      scope: '',
      token_endpoint_auth_method: 'client_secret_basic',
    }),
  },
  api: {
    is: 'a resource server that introspects the tokens it receives; needs --resource',
    metadata: () => ({
      grant_types: [],
      scope: '',
      introspect: 'resources',
      token_endpoint_auth_method: 'client_secret_basic',
    }),
  },
}

export const presetNamed = (name: string): Preset['metadata'] => {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (!preset) throw wrongUsage(`--type is one of ${Object.keys(presets).join(', ')}.`)
  return preset.metadata
}

/** A URI that cannot be parsed is named as a mistake by the rules of `redirect_uris`. */
const originsOf = (uris: readonly string[]): readonly string[] => [
  ...new Set(uris.filter((uri) => /^https?:/i.test(uri) && URL.canParse(uri)).map((uri) => new URL(uri).origin)),
]
