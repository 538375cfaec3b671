/** Results of test failovers in memory; they outlive the daemon. */
import type { TestResult, TestResults } from '../engine/ports/testresults.ts';

export class SimulatedTestResults implements TestResults {
  readonly #results = new Map<string, TestResult>();

  async list(): Promise<readonly string[]> {
    return [...this.#results.keys()];
  }

  async of(relationshipId: string): Promise<TestResult | null> {
    return this.#results.get(relationshipId) ?? null;
  }

  async keep(relationshipId: string, result: TestResult): Promise<void> {
    this.#results.set(relationshipId, result);
  }

  async remove(relationshipId: string): Promise<void> {
    this.#results.delete(relationshipId);
  }
}
