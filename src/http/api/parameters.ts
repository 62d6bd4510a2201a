import Type from 'typebox'
import { mostPerPage, placePattern } from '../../administration/page.ts'
import { uuidPattern } from '../../uuid.ts'

export const uuid = (description: string) => Type.String({ pattern: uuidPattern, description })
/** RFC 6749 Appendix A.1: *VSCHAR. */
export const clientId = (description: string) => Type.String({ pattern: '^[ -~]{1,128}$', description })

const limit = Type.Integer({ minimum: 1, maximum: mostPerPage, default: 50, description: 'how many at most' })
const next = '`next` of an earlier answer'

export const loginList = Type.Object(
  {
    user: Type.Optional(uuid('of one person, by `sub`')),
    client: Type.Optional(clientId('of one client, by `client_id`')),
    session: Type.Optional(uuid('of one session, by `sid`')),
    after: Type.Optional(Type.String({ pattern: placePattern, description: next })),
    limit,
  },
  { additionalProperties: false },
)
export const searchList = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 200, description: 'a part of the name' })),
    after: Type.Optional(Type.String({ maxLength: 1000, description: next })),
    limit,
  },
  { additionalProperties: false },
)
export const eventList = Type.Object(
  {
    user: Type.Optional(uuid('about one person, by `sub`')),
    after: Type.Optional(Type.String({ pattern: '^\\d{1,18}$', description: next })),
    limit,
  },
  { additionalProperties: false },
)

export const deliveryId = (description: string) => Type.String({ pattern: '^\\d{1,18}$', description })
export const deliveryList = Type.Object(
  { after: Type.Optional(deliveryId(next)), limit },
  { additionalProperties: false },
)

/** @property next to be sent as `after`; null on the last page */
export const nextShape = Type.Union([Type.String(), Type.Null()], {
  description: 'send it as `after`; null at the end',
})
