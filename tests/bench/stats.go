package main

import "slices"

// quantile returns the value below which the share q of the values lies, by
// linear interpolation between the two nearest. There has to be a value; they
// need not be sorted.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// pairedRatio is the median of a/b over the rounds that have both: what lasts
// longer than a round disturbs both sides of each ratio. Without such a round
// there is none.
func pairedRatio(a, b map[int]float64) (float64, bool) {
	var ratios []float64
	for round, x := range a {
		if y := b[round]; y > 0 {
			ratios = append(ratios, x/y)
		}
	}
	if len(ratios) == 0 {
		return 0, false
	}
	return median(ratios), true
}
