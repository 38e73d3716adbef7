package main

import (
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{5}, 0.5, 5},
		{[]float64{5}, 0.95, 5},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{4, 1, 3, 2}, 1, 4},
		{[]float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 0.95, 95},
	} {
		if got := quantile(c.values, c.q); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("quantile(%v, %v): got %v, want %v", c.values, c.q, got, c.want)
		}
	}
}

func TestPairedRatio(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b map[int]float64
		want float64
		ok   bool
	}{
		{"a slow round changes nothing", map[int]float64{1: 1, 2: 100, 3: 2}, map[int]float64{1: 2, 2: 200, 3: 4}, 0.5, true},
		{"middle of the ratios, not ratio of the middles", map[int]float64{1: 1, 2: 4, 3: 9}, map[int]float64{1: 10, 2: 8, 3: 3}, 0.5, true},
		{"rounds of one side only do not count", map[int]float64{1: 3, 2: 1}, map[int]float64{1: 1, 7: 5}, 3, true},
		{"nothing in common", map[int]float64{1: 3}, map[int]float64{2: 3}, 0, false},
	} {
		got, ok := pairedRatio(c.a, c.b)
		if ok != c.ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v %v, want %v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}
