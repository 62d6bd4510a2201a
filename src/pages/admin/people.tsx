import { Alert, Field, Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { Heads } from '../table.tsx'
import { type AdminTexts, adminTexts } from '../texts/admin.ts'
import { type AdminFrame, adminFrame, type Pager, Pages } from './frame.tsx'

export type PersonShown = {
  readonly id: string
  readonly username: string
  readonly name: string | undefined
  readonly email: string | undefined
  readonly admin: boolean
  readonly disabled: boolean
  readonly since: Date
}

/** @property found undefined when what was typed is no name */
export type Found<T> = Pager & {
  readonly frame: AdminFrame
  readonly search: string
  readonly found: readonly T[] | undefined
}

export const Search = ({
  action,
  search,
  label,
  isWrong,
  words,
}: {
  readonly action: string
  readonly search: string
  readonly label: string
  readonly isWrong: boolean
  readonly words: AdminTexts
}) => (
  <form id="search-form" class="narrow" method="get" action={action}>
    {isWrong && <Alert id="search-error">{words.search.wrong}</Alert>}
    <Field
      name="q"
      label={label}
      type="search"
      maxLength={200}
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      value={search}
      wrong={isWrong ? 'search-error' : undefined}
    />
    <div class="acts">
      <button id="search-submit" class="primary" type="submit">
        {words.search.submit}
      </button>
    </div>
  </form>
)

export const stateWords = ({ admin, disabled }: Pick<PersonShown, 'admin' | 'disabled'>, words: AdminTexts): string =>
  [disabled ? words.disabled : words.enabled, ...(admin ? [words.administrator] : [])].join(', ')

export const peoplePage = (
  { frame, search, found, ...pager }: Found<PersonShown>,
  presentation: Presentation,
): string => {
  const words = adminTexts[presentation.language]
  const label = words.search.people
  return adminFrame(
    {
      frame,
      place: 'people',
      title: words.places.people,
      children: (
        <>
          <Search
            action={`${frame.base}/admin/people`}
            search={search}
            label={label}
            isWrong={found === undefined}
            words={words}
          />
          {found?.length === 0 && <p class="muted">{words.search.nobody}</p>}
          {found && found.length > 0 && (
            <table>
              <Heads labels={[words.person, words.name, words.email, words.state, words.since]} />
              <tbody>
                {found.map((person) => (
                  <tr key={person.id}>
                    <th scope="row">
                      <a href={`${frame.base}/admin/people/${person.id}`}>{person.username}</a>
                    </th>
                    <td data-label={words.name}>{person.name ?? '–'}</td>
                    <td data-label={words.email}>{person.email ?? '–'}</td>
                    <td data-label={words.state}>{stateWords(person, words)}</td>
                    <td data-label={words.since}>
                      <Instant at={person.since} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <Pages {...pager} words={words} />
        </>
      ),
    },
    presentation,
  )
}
