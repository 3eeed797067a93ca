package dashboards

import (
	"fmt"
	"maps"
	"slices"
)

// diff lists the parts of a dashboard in which Grafana's version (theirs) differs from ours. It only compares the keys that
// ours has, because Grafana adds its own: ids, versions, and defaults of a newer schema.
func diff(ours, theirs map[string]any) []string {
	var places []string
	for _, key := range slices.Sorted(maps.Keys(ours)) {
		switch key {
		case "id", "version", "schemaVersion":
		case "panels":
			places = append(places, diffPanels(list(ours[key]), list(theirs[key]))...)
		default:
			if !covers(theirs[key], ours[key]) {
				places = append(places, key)
			}
		}
	}
	return places
}

// diffPanels compares panels with the same type and title.
func diffPanels(ours, theirs []map[string]any) []string {
	var places []string
	find := func(panels []map[string]any, p map[string]any) int {
		return slices.IndexFunc(panels, func(o map[string]any) bool { return o["title"] == p["title"] && o["type"] == p["type"] })
	}
	for _, p := range ours {
		switch i := find(theirs, p); {
		case i < 0:
			places = append(places, fmt.Sprintf("new panel %q", p["title"]))
		case !covers(theirs[i], p):
			places = append(places, fmt.Sprintf("panel %q", p["title"]))
		}
	}
	for _, p := range theirs {
		if find(ours, p) < 0 {
			places = append(places, fmt.Sprintf("removed panel %q", p["title"]))
		}
	}
	return places
}

// covers reports whether theirs has every key and value of ours. It may have more keys.
func covers(theirs, ours any) bool {
	switch ours := ours.(type) {
	case map[string]any:
		theirs, ok := theirs.(map[string]any)
		if !ok {
			return len(ours) == 0
		}
		for key, value := range ours {
			if !covers(theirs[key], value) {
				return false
			}
		}
		return true
	case []any:
		theirs, ok := theirs.([]any)
		if !ok || len(theirs) != len(ours) {
			return len(ours) == 0 && len(theirs) == 0
		}
		for i := range ours {
			if !covers(theirs[i], ours[i]) {
				return false
			}
		}
		return true
	default:
		return ours == nil || fmt.Sprint(ours) == fmt.Sprint(theirs)
	}
}
