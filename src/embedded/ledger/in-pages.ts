/** Page after page, until one is not full; others get their turn in between. Returns how many rows in all. */
export async function inPages(rowsMax: number, page: () => Promise<number>): Promise<number> {
  for (let all = 0; ; ) {
    const rows = await page()
    all += rows
    if (rows < rowsMax) return all
  }
}
