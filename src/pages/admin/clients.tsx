import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { Heads } from '../table.tsx'
import { adminTexts } from '../texts/admin.ts'
import { adminFrame, Pages, revokeLink } from './frame.tsx'
import { type Found, Search } from './people.tsx'

export type ClientShown = {
  readonly id: string
  readonly name: string
  readonly disabled: boolean
  readonly registeredItself: boolean
  readonly since: Date
}

export const clientsPage = (
  { frame, search, found, ...pager }: Found<ClientShown>,
  presentation: Presentation,
): string => {
  const words = adminTexts[presentation.language]
  const t = words.clients
  const { base } = frame
  return adminFrame(
    {
      frame,
      place: 'clients',
      title: t.title,
      children: (
        <>
          <Search
            action={`${base}/admin/clients`}
            search={search}
            label={words.search.clients}
            isWrong={found === undefined}
            words={words}
          />
          {found?.length === 0 && <p class="muted">{words.search.noApp}</p>}
          {found && found.length > 0 && (
            <table>
              <Heads labels={[words.families.app, words.state, words.since]} acts={words.acts} />
              <tbody>
                {found.map(({ id, name, disabled, registeredItself, since }) => (
                  <tr key={id}>
                    <th scope="row">
                      {name}
                      <span class="muted">
                        <code>{id}</code>
                      </span>
                      {registeredItself && <span class="muted">{t.registeredItself}</span>}
                    </th>
                    <td data-label={words.state}>{disabled ? words.disabled : words.enabled}</td>
                    <td data-label={words.since}>
                      <Instant at={since} />
                    </td>
                    <td>
                      <div class="acts">
                        <a
                          href={`${base}/admin/families?${new URLSearchParams({ client: id })}`}
                          aria-label={t.loginsOf(name)}
                        >
                          {t.logins}
                        </a>
                        <a
                          href={revokeLink(base, [
                            ['kind', 'client'],
                            ['id', id],
                          ])}
                          aria-label={t.endThat(name)}
                        >
                          {t.end}
                        </a>
                      </div>
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
