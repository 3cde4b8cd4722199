// Chats: pieces as they come, a stop button, and where the answer came from.
import assert from 'node:assert/strict'
import { eventually } from './programs.mjs'
import { suite } from './suite.mjs'

const shared = suite()
const { check } = shared
const ALL_EVENTS = 1000000

const ask = async (page, text) => {
  await page.page.getByLabel('Message', { exact: true }).fill(text)
  await page.button('Send').click()
}
const lastAnswer = (page) => page.page.getByRole('article', { name: 'Answer' }).last()

const chatting = async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Chat')
  return page
}

/// Runs with answers that come in pieces, as many as are released.
const streaming = async (body) => {
  await shared.system.order('__set', { stream: true, stream_released: 2 })
  try {
    await body()
  } finally {
    await shared.system.order('__set', { stream: false, stream_released: ALL_EVENTS })
  }
}

check('an answer shows while it comes, and ends with where it came from', (open) => streaming(async () => {
  const page = await chatting(open)
  await ask(page, 'one two three four five')
  const answer = lastAnswer(page)
  await answer.getByText(/switch heard/).waitFor()
  assert.ok(!(await answer.textContent()).includes('five'))
  await page.button('Stop').waitFor()
  await page.screenshot('chat-streaming')
  await shared.system.order('__set', { stream_released: ALL_EVENTS })
  await answer.getByText(/five/).waitFor()
  await answer.getByText(/Answered by switch/).waitFor()
  await page.button('Send').waitFor()
}))

check('stop ends the answer, at the upstream as well', (open) => streaming(async () => {
  const page = await chatting(open)
  const { abandoned } = (await shared.system.counts()).switch
  await ask(page, 'one two three four five')
  await lastAnswer(page).getByText(/switch heard/).waitFor()
  await page.button('Stop').click()
  await lastAnswer(page).getByText(/Stopped/).waitFor()
  await eventually('switch is left', async () => (await shared.system.counts()).switch.abandoned > abandoned)
  assert.ok(!(await lastAnswer(page).textContent()).includes('five'))
}))

check('a reload before the first answer is complete loses it, and the chat continues', (open) => streaming(async () => {
  const page = await chatting(open)
  await ask(page, 'one two three four five')
  await lastAnswer(page).getByText(/switch heard/).waitFor()
  await page.page.reload()
  await page.text('Nothing of this chat is stored.').waitFor()
  await shared.system.order('__set', { stream_released: ALL_EVENTS })
  await ask(page, 'six seven')
  await lastAnswer(page).getByText(/seven/).waitFor()
  await page.page.reload()
  await page.page.getByRole('log').getByText('six seven', { exact: true }).waitFor()
}))

check('an answer continues while another view is looked at', (open) => streaming(async () => {
  const page = await chatting(open)
  await ask(page, 'yaks and four more words')
  await lastAnswer(page).getByText(/switch heard/).waitFor()
  await page.view('Events')
  await page.text(/The answer continues/).waitFor()
  await shared.system.order('__set', { stream_released: ALL_EVENTS })
  await page.text(/An answer is complete/).waitFor()
  await page.view('Chat')
  await page.region('Sessions').getByRole('button', { name: /^yaks/ }).first().click()
  await lastAnswer(page).getByText(/words/).waitFor()
}))

check('when switch fails madre answers, and the page says so', async (open) => {
  const page = await chatting(open)
  await shared.system.order('__fault', { service: 'switch', fault: '500' })
  await ask(page, 'is anybody there?')
  const answer = lastAnswer(page)
  await answer.getByText(/Fallback: madre answered/).waitFor()
  await answer.getByText(/2 attempts/).click()
  await answer.getByText(/switch: error/).waitFor()
  await page.screenshot('chat-fallback')
  assert.deepEqual(await page.violations(), [])
})

check('when nothing answers the reason shows, and retry asks again', async (open) => {
  const page = await chatting(open)
  await shared.system.order('__fault', { service: 'switch', fault: '500' })
  await shared.system.order('__fault', { service: 'madre', fault: '500' })
  await ask(page, 'is nobody there?')
  await lastAnswer(page).getByRole('alert').waitFor()
  assert.equal(await lastAnswer(page).locator('.bubble').count(), 0)
  await page.screenshot('chat-failed')
  await shared.system.order('__heal')
  await page.button('Retry').click()
  await lastAnswer(page).getByText(/Answered by|Fallback/).waitFor()
})

check('a message that is too long says so, and leaves the connection alone', async (open) => {
  const page = await chatting(open)
  await page.page.getByLabel('Message', { exact: true }).fill('x'.repeat(70000))
  await page.page.getByRole('alert').filter({ hasText: 'a message has 64 KiB at most' }).waitFor()
  assert.ok(await page.button('Send').isDisabled())
  await ask(page, 'x'.repeat(64000))
  await lastAnswer(page).getByText(/Answered by|Fallback/).waitFor()
})

check('chats are listed, found, opened again, and deleted', async (open) => {
  const page = await chatting(open)
  await ask(page, 'a question about zebras')
  await lastAnswer(page).getByText(/zebras/).waitFor()
  await page.button('New chat').click()
  const sessions = page.region('Sessions')
  await sessions.getByRole('searchbox').fill('zebras')
  await sessions.getByRole('button', { name: /^a question about zebras/ }).click()
  await page.page.getByRole('article', { name: 'You' }).getByText('a question about zebras').waitFor()
  await sessions.getByRole('button', { name: /^Delete/ }).first().click()
  const dialog = page.dialog(/Delete/)
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await sessions.getByText(/No session matches/).waitFor()
  const { body } = await shared.system.api('GET', '/sessions?q=zebras')
  assert.equal(body.total, 0)
})
