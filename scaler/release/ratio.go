package release

import "slices"

// ratio is by how much the values after differ from those before: the median of all ratios of one after and one before (Hodges and Lehmann),
// and a confidence interval of at least 95 % for it, from the distribution of the Mann-Whitney statistic (Moses). It assumes only that
// both have the same shape on a logarithmic scale, and no distribution. from and to are 0 when there are so few values that no interval
// reaches 95 %: with fewer than 4 and 4, 3 and 5 or 2 and 8. Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods,
// 3rd ed. 2014, sections 4.2 and 4.3.
func ratio(before, after []float64) (middle, from, to float64) {
	all := make([]float64, 0, len(before)*len(after))
	for _, b := range before {
		for _, a := range after {
			all = append(all, a/b)
		}
	}
	slices.Sort(all)
	n := len(all)
	middle = (all[(n-1)/2] + all[n/2]) / 2
	if k := outside(len(before), len(after)); k > 0 {
		from, to = all[k-1], all[n-k]
	}
	return middle, from, to
}

// sure is the chance that the interval has the true ratio, at least.
const sure = 0.95

// outside is the greatest k for which the chance that fewer than k of the n*m ratios are on one side is at most 2.5 %. The interval goes
// from the k-th to the k-th from the end. 0: there is none.
func outside(n, m int) (k int) {
	ways := arrangements(n, m)
	total, below := 0.0, 0.0
	for _, w := range ways {
		total += w
	}
	for k < len(ways) && (below+ways[k])/total <= (1-sure)/2 {
		below += ways[k]
		k++
	}
	return k
}

// arrangements are in how many orders of n and m values u of the n*m pairs are inverted, by u: the distribution of Mann and Whitney,
// Ann. Math. Statist. 18 (1947), by their recursion f(n, m, u) = f(n-1, m, u-m) + f(n, m-1, u).
func arrangements(n, m int) []float64 {
	rows := make([][]float64, m+1) // f(i, j), by j
	for j := range rows {
		rows[j] = []float64{1} // f(0, j)
	}
	for i := 1; i <= n; i++ {
		next := make([][]float64, m+1)
		next[0] = []float64{1}
		for j := 1; j <= m; j++ {
			f := make([]float64, i*j+1)
			for u, w := range rows[j] {
				f[u+j] += w
			}
			for u, w := range next[j-1] {
				f[u] += w
			}
			next[j] = f
		}
		rows = next
	}
	return rows[m]
}
