import type { Language } from '../language.ts'

const en = {
  why: 'Why was I logged out?',
  app: 'App',
  person: 'Person',
  began: 'Logged in',
  lastUsed: 'Last used',
  ended: 'Ended',
  scope: 'Scope',
  session: 'Session',
  expires: 'Ends at the latest',
  picture: 'What happened, as a picture',
  describe: (pairs: number, end: string | undefined) =>
    `A row of tiles, one for each pair of tokens, ${pairs} in all${end ? `. It ends: ${end}` : ', the last one alive'}.`,
  generation: 'Pair',
  at: 'When',
  network: 'Network',
  device: 'Device',
  retries: 'Asked again',
  retried: (times: number) => (times === 0 ? 'no' : times === 1 ? 'once' : `${times} times`),
  hidden: (count: number) => `${count} more`,
  presented: (generation: number) => `pair ${generation} again`,
  unknown: 'unknown',
  table: 'The same as a table',
  forgotten: 'The single pairs are not kept any more.',
  devices: 'See your devices and apps',
  strangerTitle: 'We show this only to its owner',
  stranger:
    'This number belongs to a request that was refused, or to a login that ended. Only the person it belongs to sees more.',
  strangerTodo:
    'Log in here as that person and open this page again. If you run the app, the server’s log has the reason under this number.',
  number: 'Number',
  account: 'Your account',
}

const ko: typeof en = {
  why: '왜 로그아웃되었나요?',
  app: '앱',
  person: '사용자',
  began: '로그인한 때',
  lastUsed: '마지막 사용',
  ended: '끝난 때',
  scope: '범위',
  session: '세션',
  expires: '늦어도 끝나는 때',
  picture: '있었던 일을 그림으로',
  describe: (pairs, end) =>
    `토큰 한 쌍마다 타일 하나씩, 모두 ${pairs}개가 한 줄로 있어요${end ? `. 끝난 이유: ${end}` : '. 마지막 타일이 유효해요'}.`,
  generation: '쌍',
  at: '때',
  network: '네트워크',
  device: '기기',
  retries: '다시 요청',
  retried: (times) => (times === 0 ? '없음' : `${times}번`),
  hidden: (count) => `${count}개 더`,
  presented: (generation) => `${generation}번 쌍이 다시 옴`,
  unknown: '알 수 없음',
  table: '같은 내용을 표로',
  forgotten: '각각의 쌍은 더 이상 보관하지 않아요.',
  devices: '내 기기와 앱 보기',
  strangerTitle: '주인에게만 보여 드려요',
  stranger: '이 번호는 거절된 요청이나 끝난 로그인의 번호예요. 그 주인만 더 볼 수 있어요.',
  strangerTodo:
    '그 계정으로 여기에 로그인한 뒤 이 페이지를 다시 열어 주세요. 앱을 운영한다면, 서버 로그에서 이 번호로 이유를 찾을 수 있어요.',
  number: '번호',
  account: '내 계정',
}

export const familyWords: Readonly<Record<Language, typeof en>> = { en, ko }
