import { percent } from './format';

/** What is left of an error budget: "97 %", or how often it is used up: "spent, 25 ×". */
export function budgetLeft(share: number): string {
  return share < 0 ? `spent, ${(1 - share).toFixed(1).replace(/\.0$/, '')} ×` : percent(share, 0);
}
