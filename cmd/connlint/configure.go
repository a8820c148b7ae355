package main

import (
	"errors"
	"fmt"
	"strings"

	"connlint/analysis"
)

// configure chooses the rules of a run and the thresholds that differ from
// their defaults.
func configure(o *options, all []*analysis.Rule) ([]*analysis.Rule, map[string]map[string]float64, error) {
	chosen, err := o.choose(all)
	if err != nil {
		return nil, nil, err
	}
	params := o.hosts(all)
	for _, s := range o.set {
		if err := set(s, all, params); err != nil {
			return nil, nil, fmt.Errorf("--set %s: %w", s, err)
		}
	}
	for name := range params {
		if !matches([]string{name}, chosen...) {
			delete(params, name) // a threshold of a rule that does not run
		}
	}
	return chosen, params, nil
}

// choose takes the rules that --enable names, less those that --disable does.
// A run without rules says nothing whatever it reads: that nobody wants.
func (o *options) choose(all []*analysis.Rule) ([]*analysis.Rule, error) {
	for _, globs := range [...][]string{o.enable, o.disable} {
		for _, glob := range globs {
			if !matches([]string{glob}, all...) {
				return nil, noRule(glob, all)
			}
		}
	}
	var chosen []*analysis.Rule
	for _, r := range all {
		if (len(o.enable) == 0 || matches(o.enable, r)) && !matches(o.disable, r) {
			chosen = append(chosen, r)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case len(o.enable) > 0:
		return nil, fmt.Errorf("no rule is left: --disable %s takes all that --enable %s names", strings.Join(o.disable, ","), strings.Join(o.enable, ","))
	}
	return nil, errors.New("no rule is left: --disable " + strings.Join(o.disable, ",") + " takes them all; --enable GLOB chooses some")
}

// hosts are the settings of --time-wait and --ports: every rule that has a
// parameter of that name takes it.
func (o *options) hosts(all []*analysis.Rule) map[string]map[string]float64 {
	params := map[string]map[string]float64{}
	for name, value := range map[string]float64{"time_wait": o.timeWait.Seconds(), "ports": float64(o.ports)} {
		for _, r := range all {
			if value > 0 && r.Param(name) != nil {
				if params[r.Name] == nil {
					params[r.Name] = map[string]float64{}
				}
				params[r.Name][name] = value
			}
		}
	}
	return params
}

// noRule says that there is no such rule, and which names are near.
func noRule(name string, all []*analysis.Rule) error {
	hint := "connlint rules lists them"
	if near := nearest(name, all); len(near) > 0 {
		hint = didYouMean(near)
	}
	return fmt.Errorf("no rule %q; %s", name, hint)
}
