# bash completion for understudy: source <(understudy completion bash)

# Splits the text into the array "words"; "raw" is the last word as it was typed, "quote" the quote that is still open in it.
_understudy_split() {
  local text=$1 word='' begun='' char i
  words=() raw='' quote=''
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $quote$char in
      \'\' | \"\") quote='' raw+=$char ;;
      \'?) word+=$char raw+=$char ;;
      \"\\)
        raw+=$char${text:i+1:1}
        case ${text:i+1:1} in
          [\"\\\$\`]) word+=${text:i+1:1} ;;
          *) word+=$char${text:i+1:1} ;;
        esac
        ((i++)) ;;
      \"?) word+=$char raw+=$char ;;
      \\) begun=yes word+=${text:i+1:1} raw+=$char${text:i+1:1}; ((i++)) ;;
      \' | \") begun=yes quote=$char raw+=$char ;;
      [[:blank:]])
        [[ -z $begun ]] || words+=("$word")
        word='' raw='' begun='' ;;
      *) begun=yes word+=$char raw+=$char ;;
    esac
  done
  words+=("$word")
}

_understudy() {
  local line=${COMP_LINE:0:COMP_POINT} words raw quote answer typed lead each
  COMPREPLY=()
  ((${#line} <= 4096)) || return 0
  _understudy_split "$line"
  local asked=("${words[@]:1}") open=$quote
  mapfile -t answer < <(command understudy completion bash -- "${asked[@]}" 2> /dev/null)
  case ${answer[0]-} in
    files) compopt -o default 2> /dev/null ;;
    directories) compopt -o dirnames 2> /dev/null ;;
    words)
      typed=${asked[-1]}
      # Readline replaces only what it takes for the word: what is before that stays.
      _understudy_split "${raw%"$2"}"
      lead=${words[-1]}
      for each in "${answer[@]:1}"; do
        each=${each%%$'\t'*}
        [[ $each == "$typed"* ]] || continue
        each=${each:${#lead}}
        case $open in
          \') each=${each//\'/\'\\\'\'} ;;
          \")
            [[ $each != *!* ]] || continue
            each=${each//\\/\\\\} each=${each//\"/\\\"} each=${each//\$/\\\$} each=${each//\`/\\\`} ;;
          *) [[ -z $each ]] || printf -v each %q "$each" ;;
        esac
        COMPREPLY+=("$each")
      done ;;
  esac
}
complete -F _understudy understudy
