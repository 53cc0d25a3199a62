/** Node ids, smallest first: roughly the order of evaluation, so that joins see all their sides at once. */
export class MinQueue {
  readonly #heap: number[] = [];

  push(id: number): void {
    const heap = this.#heap;
    heap.push(id);
    for (let at = heap.length - 1; at > 0; ) {
      const up = (at - 1) >> 1;
      if ((heap[up] as number) <= (heap[at] as number)) break;
      [heap[up], heap[at]] = [heap[at] as number, heap[up] as number];
      at = up;
    }
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && (heap[child] as number) < (heap[least] as number)) least = child;
      }
      if (least === at) return top;
      [heap[at], heap[least]] = [heap[least] as number, heap[at] as number];
      at = least;
    }
  }
}
