package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const pageSize = 50

// What one request may ask for. How many are answered at once is in web.go.
const (
	maxQuery = 200 // characters of q
	maxGroup = 100 // values of the parameter group
)

// tooMuch is the error of a query whose answer would cost too much; nil: it does not.
func tooMuch(q url.Values) error {
	if n := utf8.RuneCountInString(q.Get("q")); n > maxQuery {
		return failure{http.StatusBadRequest, fmt.Sprintf("q: has %d characters; at most %d are searched for", n, maxQuery)}
	}
	if n := len(q["group"]); n > maxGroup {
		return failure{http.StatusBadRequest, fmt.Sprintf("group: is given %d times; at most %d", n, maxGroup)}
	}
	return nil
}

// wantsAll reports whether the client asked for a whole list instead of a page of it.
func wantsAll(q url.Values) bool { return q.Get("page") == "all" }

// List is the part of a list that a client asked for: search, order and page.
type List struct {
	Query string `json:"query"`
	Sort  string `json:"sort"`
	Desc  bool   `json:"desc"`
	Page  int    `json:"page"` // from 1
	Pages int    `json:"pages"`
	Total int    `json:"total"` // that match the query

	Partial []string `json:"partial,omitempty"` // the shards whose part is missing, and why; absent: all is there

	first int    // so many rows from the first one on, for another shard that makes a page of all; 0: the page
	by    string // the rows of the bill; empty: of another list
}

// Before is the page before this one.
func (l List) Before() int { return l.Page - 1 }

// After is the next page.
func (l List) After() int { return l.Page + 1 }

// listOf reads it from the query of a URL. A page that is no number is the first.
func listOf(q url.Values, sort string) List {
	l := List{Query: q.Get("q"), Sort: cmp.Or(q.Get("sort"), sort), Desc: q.Get("desc") == "1", Page: 1}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		l.Page = n
	}
	if n, err := strconv.Atoi(q.Get("first")); err == nil && n > 0 {
		l.first = min(n, mostOfTheList)
	}
	return l
}

// cut sets the totals, and returns which of the found entries are on the page: from first up to before end.
func (l *List) cut(found int) (first, end int) {
	found = max(0, found) // of another shard, it may be anything
	l.Total, l.Pages = found, max(1, (found+pageSize-1)/pageSize)
	l.Page = min(max(1, l.Page), l.Pages)
	if l.first > 0 {
		return 0, min(l.first, found)
	}
	first = (l.Page - 1) * pageSize
	return first, min(first+pageSize, found)
}

// whole sets the totals of the whole list on one page.
func (l *List) whole(found int) { l.Total, l.Page, l.Pages = found, 1, 1 }

// words are the words of the query, in lower case.
func (l List) words() []string { return strings.Fields(strings.ToLower(l.Query)) }
