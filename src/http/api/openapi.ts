import Type from 'typebox'
import { administratorResource, administratorScope } from '../../oauth/administrator-scope.ts'
import { paths } from '../../oauth/metadata.ts'
import { type Endpoint, isNone } from './endpoint.ts'

/** The error body of every endpoint of this server. */
export const ErrorShape = Type.Object(
  { error: Type.String(), error_description: Type.String(), error_id: Type.String() },
  { additionalProperties: false },
)

const errors = {
  400: 'A parameter or the body is not as described',
  401: 'No access token, or not one for this API that is still good (RFC 6750), or of a login too old (RFC 9470)',
  403: 'The token lacks the scope, or the person is no administrator',
  404: 'There is no such thing',
  409: 'An act on many needs the confirmation of its preview',
  503: 'The database is slow or away; nothing was done',
} as const

/** OpenAPI 3.1, computed from the list of endpoints. */
export const openapi = (issuer: string, endpoints: readonly Endpoint[]) => ({
  openapi: '3.1.0',
  info: {
    title: 'Tessera, for administrators',
    version: '1',
    description:
      'Lists sessions and token families, says what an act would end, ends it, and shows whether apps heard of it.',
  },
  servers: [{ url: administratorResource(issuer) }],
  security: [{ oauth2: [administratorScope] }],
  components: {
    securitySchemes: {
      oauth2: {
        type: 'oauth2',
        flows: {
          clientCredentials: {
            tokenUrl: issuer + paths.token,
            scopes: { [administratorScope]: 'Everything an administrator may do' },
          },
        },
      },
    },
    schemas: { Error: ErrorShape },
  },
  paths: Object.fromEntries(endpoints.map((each) => [each.path, { [each.method.toLowerCase()]: operation(each) }])),
})

const operation = ({ path, summary, parameters, body, answers }: Endpoint) => ({
  summary,
  parameters: Object.entries(parameters.properties).map(([name, schema]) => {
    const isOfPath = path.includes(`{${name}}`)
    return { name, in: isOfPath ? 'path' : 'query', required: isOfPath, schema }
  }),
  ...(!isNone(body) && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
  responses: {
    200: { description: 'Done', content: { 'application/json': { schema: answers } } },
    ...Object.fromEntries(
      Object.entries(errors).map(([status, description]) => [
        status,
        { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
      ]),
    ),
  },
})
