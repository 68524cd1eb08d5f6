// A main thread that never loads the addon: generations of workers do, one after the other, never two at a time.

import { startThread } from '../support/life-threads.ts'

const report = { found: [] as number[], sums: [] as number[], ends: [] as number[] }
const endings = ['natural', 'exit', 'terminate']
for (let generation = 0; generation < Number(process.argv[2]); generation++) {
  const ending = endings[generation % endings.length]
  const thread = startThread('generation', { generation, ending })
  const { found, sum } = await thread.next<{ found: number; sum: number }>()
  report.found.push(found)
  report.sums.push(sum)
  if (ending === 'terminate') await thread.worker.terminate()
  report.ends.push((await thread.end).code)
}
console.log(JSON.stringify(report))
