import type { Method } from './method.ts'
import { proveSecret } from './secret.ts'

/** RFC 6749 §2.3.1: both in the request body. */
export const clientSecretPost: Method = {
  name: 'client_secret_post',
  recognizes: ({ parameters }) => parameters.optional('client_secret') !== undefined,
  clientIds: ({ parameters }) => [parameters.required('client_id')],

  async authenticate({ parameters }, client, { now }) {
    proveSecret([parameters.required('client_secret')], client, now)
  },
}
